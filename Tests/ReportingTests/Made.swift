import Reporting

/// Made-up content, some of it unpleasant.
enum Made {
  static let nasty = "</text><script>alert('1')</script> & \"quoted\" \u{1}]]> é ↔ 漢字 🦆"
  static let long = String(repeating: "a name that goes on and on, ", count: 8)

  static let bars = Report.Bars(
    title: "Recombination accuracy",
    items: [
      .init(
        label: "independent", group: "random", paper: 0.106, mean: 0.127, low: 0.11, high: 0.14),
      .init(label: nasty, group: "random", paper: nil, mean: 0.25),
      .init(label: long, group: nasty, paper: 0.5, mean: nil),
      .init(label: "not finite", group: nasty, paper: .nan, mean: .infinity, low: 0, high: .nan),
    ], chance: 0.1)

  static let curves = Report.Curves(
    title: "Along the steps", xLabel: "steps", yLabel: "accuracy \(nasty)", logarithmicX: true,
    chance: 0.1,
    series: [
      .init(
        name: "ours",
        points: [
          .init(x: 0, y: 0.4, low: 0.35, high: 0.45), .init(x: 1, y: 0.5, low: 0.45, high: 0.55),
          .init(x: 10, y: 0.6, low: 0.55, high: 0.65), .init(x: 100, y: 0.7, low: 0.6, high: 0.8),
        ]),
      .init(
        name: nasty,
        points: [
          .init(x: 0, y: 0.1), .init(x: 1, y: nil), .init(x: 10, y: .nan), .init(x: 100, y: 0.9),
        ]),
      .init(name: long, points: []),
    ])

  static let correlations = Report.CorrelationBlocks(
    title: "Correlations",
    blocks: [
      .init(method: "IIW", correlations: [0.2, -0.4, 0.8, .nan], paper: 0.34),
      .init(method: long + nasty, correlations: []),
      .init(method: "one", correlations: [1]),
    ])

  static let scatter = Report.Scatter(
    title: "Both", xLabel: "correlation", yLabel: "accuracy",
    points: [
      .init(label: "a", x: 0.1, y: 0.9), .init(label: nasty, x: 0.5, y: 0.5),
      .init(label: "nowhere", x: nil, y: 0.5),
    ])

  static let crowd = Report.Scatter(
    title: "A crowd", xLabel: "x", yLabel: "y", xUnit: .ratio, yUnit: .points,
    points: (0..<9).map { .init(label: "crowded setting \($0)", x: 0.3, y: 0.01 * Double($0)) })

  static let heatMap = Report.HeatMap(
    title: "Extractor under head", rowLabel: "extractor", columnLabel: "head",
    rows: ["cifar10", nasty, long], columns: ["cifar10", long] + (0..<9).map { "column \($0)" },
    values: [[0.9, nil, .nan] + (0..<8).map { Double($0) / 10 }, [0.1], []])

  static let figures: [Report.Figure] = [
    .bars(bars), .curves(curves), .correlations(correlations), .scatter(scatter), .scatter(crowd),
    .heatMap(heatMap),
    .bars(.init(title: "", items: [])),
    .bars(.init(title: "zero", unit: .points, items: [.init(label: "zero", mean: 0)])),
    .bars(.init(title: "down", unit: .points, items: [.init(label: "down", mean: -0.02)])),
    .curves(.init(title: "none", xLabel: "", yLabel: "", logarithmicX: true, series: [])),
    .curves(
      .init(
        title: "one", xLabel: "x", yLabel: "y", logarithmicX: true,
        series: [.init(name: "one", points: [.init(x: 0, y: 0.5)])])),
    .correlations(.init(title: "none", blocks: [])),
    .scatter(.init(title: "none", xLabel: "", yLabel: "", points: [])),
    .heatMap(
      .init(title: "none", rowLabel: "", columnLabel: "", rows: [], columns: [], values: [])),
    .heatMap(
      .init(
        title: "one", rowLabel: "r", columnLabel: "c", rows: ["r"], columns: ["c"], values: [[0.5]],
        unit: .ratio)),
  ]

  static let rows: [Report.Row] = [
    .init(
      name: "independent", group: "random", paper: 0.106, mean: 0.127, standardDeviation: 0.006,
      interval: .init(low: 0.112, high: 0.142), intervalKind: "95 % t", n: 3,
      runs: [
        .init(seed: 0, value: 0.121, directory: "runs/a/0"), .init(seed: 1, value: 0.133),
        .init(seed: 18_446_744_073_709_551_615, value: nil),
      ]),
    .init(name: "IIW|RP *all*", group: "random", paper: nil, mean: 0.25, n: 1, note: nasty),
    .init(name: nasty, group: "else", paper: 0.5, mean: nil, standardDeviation: .nan),
    .init(
      name: "difference", unit: .points, mean: -0.0213, standardDeviation: 0.01,
      interval: .init(low: -0.04, high: 0.01), intervalKind: "range", n: 2),
    .init(name: "correlation", unit: .ratio, paper: 0.34, mean: -0.001, n: 1),
  ]

  static let report = Report(
    title: "Beside the paper \(nasty)", environment: [.init("device", nasty), .init("n", "1")],
    experiments: [
      .init(
        name: "fig2", title: "Figure 2", summary: nasty, deviations: ["a stand-in", nasty],
        facts: [.init("steps", "500"), .init(nasty, nasty)], rows: rows, figures: figures),
      .init(name: "fig2", title: nasty),
      .init(name: "3 ü", title: "Third", rows: [.init(name: "r")]),
    ])
}
