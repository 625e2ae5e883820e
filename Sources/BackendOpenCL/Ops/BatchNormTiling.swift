import Kernels
import Tensors

/// How batch norm runs over a tensor `[rows, channels]`, by shape alone.
struct BatchNormTiling: Hashable {
  let family: KernelFamily
  /// Of the tiles whose sums are merged.
  let tileRows: Int
  let tiles: Int
  private let rows: Int
  private let channels: Int
  /// Channels of a vector, and vectors of a work-item.
  private let vector: Int
  private let block: Int
  /// Rows that a work-item of the portable family loads at once.
  private static let rowsAtOnce = 4

  init(_ g: BatchNormGeometry, family: KernelFamily, vectorWidth: Int) {
    self.family = family
    (rows, channels) = (g.rows, g.channels)
    switch family {
    case .vector:
      // The widest vector that divides the channels, and up to 4 of them a work-item.
      vector = [16, 8, 4, 2, 1].first { $0 <= vectorWidth && g.channels % $0 == 0 }!
      let vectors = g.channels / vector
      block = [4, 3, 2, 1].first { vectors % $0 == 0 }!
      // Some 64 tiles.
      tileRows = max(16, (g.rows + 63) / 64)
    case .portable:
      vector = g.channels % 4 == 0 ? 4 : 1
      block = 1
      // Enough work-groups to fill a GPU, and rows for all of a group's items.
      tileRows = max(64, (g.rows + 511) / 512)
    }
    tiles = (g.rows + tileRows - 1) / tileRows
  }

  /// Vectors of a work-group with sums, and items of each that take turns at the rows.
  private var group: [Int] {
    let lanes = [8, 4, 2].first { $0 <= max(channels / vector, 1) } ?? 1
    return [lanes, 128 / lanes]
  }

  var defines: [String] {
    switch family {
    case .vector: ["V=\(vector)", "B=\(block)", "C=\(channels)"]
    case .portable:
      ["V=\(vector)", "ROWS=\(Self.rowsAtOnce)"]
        + ["LANES=\(group[0])", "TURNS=\(group[1])"] + (vector > 1 ? ["ALIGNED"] : [])
    }
  }

  /// Of a kernel that goes through the rows, its arguments ending with their number.
  var wholeRange: WorkRange {
    switch family {
    case .vector: tileRange
    case .portable:
      WorkRange(
        portable: [
          (rows + Self.rowsAtOnce - 1) / Self.rowsAtOnce * (channels / vector)
        ])
    }
  }

  /// Of a kernel that leaves sums of each tile.
  var tileRange: WorkRange {
    let vectors = channels / vector
    switch family {
    case .vector: return WorkRange([vectors / block, tiles], [1, 1])
    case .portable:
      return WorkRange(
        [(vectors + group[0] - 1) / group[0] * group[0], group[1] * tiles], group)
    }
  }

  /// What ends the arguments of a kernel that leaves sums of each tile.
  var tileSizes: [KernelArgument] {
    [.int(rows), .int(tileRows)] + (family == .portable ? [.int(channels)] : [])
  }

  /// What ends the arguments of a kernel that goes through the rows.
  var sizes: [KernelArgument] {
    family == .vector ? [.int(rows), .int(tileRows)] : [.int(rows), .int(channels)]
  }
}

enum BatchNormKernelName: String {
  case tileStatistics = "batchnorm_tile_statistics"
  case mergeStatistics = "batchnorm_merge_statistics"
  case forward = "batchnorm_forward"
  case completeGradient = "batchnorm_complete_gradient"
  case mergeGradients = "batchnorm_merge_gradients"
  case dataGradient = "batchnorm_data_gradient"
}

/// Every kernel of the file has to compile, whichever is asked for, so each is given all.
struct BatchNormFlags: Hashable {
  var activation = Activation.none
  var residual = false
  var hasOutput = false
  var ofBatch = false
  var accumulate = false

  var defines: [String] {
    func number(_ flag: Bool) -> Int { flag ? 1 : 0 }
    return [
      "ACTIVATION=\(activation.code)", "RESIDUAL=\(number(residual))",
      "HAS_OUTPUT=\(number(hasOutput))", "OF_BATCH=\(number(ofBatch))",
      "ACCUMULATE=\(number(accumulate))",
    ]
  }
}

/// What a program of batch norm depends on.
struct BatchNormKernelKey: Hashable {
  let name: BatchNormKernelName
  /// Of a kernel that goes through rows.
  var tiling: BatchNormTiling?
  /// Of a merge.
  var channels = 0
  var flags = BatchNormFlags()
}
