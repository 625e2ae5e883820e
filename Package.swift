// swift-tools-version: 6.1
import PackageDescription

let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
  name: "dovetail",
  products: [
    .library(name: "Dovetail", targets: ["Dovetail"]),
    .executable(name: "dovetail", targets: ["DovetailCommand"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    // MARK: Library
    .systemLibrary(name: "COpenCL", path: "Sources/COpenCL"),
    .plugin(name: "CommitPlugin", capability: .buildTool()),
    .target(name: "BuildInfo", swiftSettings: strict, plugins: ["CommitPlugin"]),
    .target(name: "CJPEG", linkerSettings: [.linkedLibrary("jpeg")]),
    .target(name: "CPNG", linkerSettings: [.linkedLibrary("png")]),
    .target(
      name: "CWebP", linkerSettings: [.linkedLibrary("webp"), .linkedLibrary("webpdemux")]),
    .target(
      name: "Kernels", path: "Kernels",
      resources: [
        .embedInCode("common.cl"),
        .embedInCode("pocl_builtins.cl"),
        .embedInCode("convolution_fused.cl"),
        .embedInCode("convolution_vector.cl"),
        .embedInCode("staged_inputs.cl"),
        .embedInCode("convolution_tiles.cl"),
        .embedInCode("tensor_core_products.cl"),
        .embedInCode("tile_outputs.cl"),
        .embedInCode("patch_inputs.cl"),
        .embedInCode("convolution_patch.cl"),
        .embedInCode("convolution_patch_tensor.cl"),
        .embedInCode("convolution_tiled.cl"),
        .embedInCode("filter_gradient_patch.cl"),
        .embedInCode("filter_gradient_patch_tensor.cl"),
        .embedInCode("filter_gradient_tiled.cl"),
        .embedInCode("filter_gradient_winograd_wide.cl"),
        .embedInCode("convolution_winograd.cl"),
        .embedInCode("convolution_winograd_wide.cl"),
        .embedInCode("convolution_winograd_gradients.cl"),
        .embedInCode("convolution_pointwise_gradients.cl"),
        .embedInCode("winograd_transforms.cl"),
        .embedInCode("winograd_filters.cl"),
        .embedInCode("depthwise.cl"), .embedInCode("depthwise_portable.cl"),
        .embedInCode("batchnorm.cl"), .embedInCode("batchnorm_portable.cl"),
        .embedInCode("elementwise.cl"),
        .embedInCode("spatial.cl"),
        .embedInCode("loss.cl"),
        .embedInCode("optimizer.cl"),
        .embedInCode("sixteen.cl"),
        .embedInCode("image.cl"),
        .embedInCode("bench.cl"),
      ],
      swiftSettings: strict),
    .target(
      name: "Files",
      dependencies: [
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: strict),
    .target(name: "Tensors", swiftSettings: strict),
    .target(name: "BackendCPU", dependencies: ["Tensors"], swiftSettings: strict),
    .target(
      name: "BackendOpenCL",
      dependencies: ["Files", "Tensors", "Kernels", "COpenCL"],
      swiftSettings: strict),
    .target(name: "Autograd", dependencies: ["Tensors"], swiftSettings: strict),
    .target(
      name: "Datasets",
      dependencies: ["Files", "Tensors", "CJPEG", "CPNG", "CWebP"],
      swiftSettings: strict),
    .target(name: "Networks", dependencies: ["Tensors", "Autograd"], swiftSettings: strict),
    .target(
      name: "Optimizers", dependencies: ["Tensors", "Autograd", "Networks"], swiftSettings: strict),
    .target(
      name: "Components",
      dependencies: ["Files", "Tensors", "Autograd", "Networks", "Datasets"],
      swiftSettings: strict),
    .target(name: "Analysis", swiftSettings: strict),
    .target(name: "Protobuf", swiftSettings: strict),
    .target(name: "Reporting", dependencies: ["Files", "Protobuf"], swiftSettings: strict),
    .target(
      name: "Export",
      dependencies: ["Files", "Tensors", "Networks", "Datasets", "Components", "Protobuf"],
      swiftSettings: strict),
    .target(
      name: "Evaluation",
      dependencies: [
        "Files", "Tensors", "Autograd", "Networks", "Datasets", "Components", "Analysis",
      ],
      swiftSettings: strict),
    .target(
      name: "Training",
      dependencies: [
        "Files", "Tensors", "Autograd", "Networks", "Optimizers", "Datasets", "Components",
      ],
      swiftSettings: strict),
    .target(
      name: "Recipes",
      dependencies: [
        "Tensors", "Networks", "Optimizers", "Datasets", "Components", "Evaluation", "Training",
        .product(name: "Yams", package: "Yams"),
      ],
      swiftSettings: strict),
    .target(
      name: "Runs",
      dependencies: [
        "Files", "Tensors", "Networks", "Datasets", "Components", "Evaluation", "Training",
        "Recipes",
        "Reporting",
      ],
      swiftSettings: strict),
    .target(
      name: "Certification",
      dependencies: ["Files", "Tensors", "Datasets", "Components", "Evaluation", "Analysis"],
      swiftSettings: strict),
    .target(
      name: "Experiments",
      dependencies: [
        "Files", "Tensors", "Networks", "Datasets", "Components", "Evaluation", "Training",
        "Applications",
        "Recipes", "Runs", "Analysis",
        "Reporting",
      ],
      swiftSettings: strict),
    .target(
      name: "Applications",
      dependencies: [
        "Files", "Tensors", "Autograd", "Networks", "Optimizers", "Datasets", "Components",
        "Evaluation", "Training",
        "Recipes",
        "Runs",
      ],
      swiftSettings: strict),
    .target(
      name: "ComponentLibrary", dependencies: ["Files", "Tensors", "Components", "Certification"],
      swiftSettings: strict),
    .target(
      name: "Diagnostics",
      dependencies: [
        "Tensors", "Networks", "Optimizers", "Datasets", "Training", "Recipes",
      ],
      swiftSettings: strict),
    .target(
      name: "Dovetail",
      dependencies: [
        "Files", "Tensors", "BackendCPU", "BackendOpenCL", "Autograd", "Networks", "Optimizers",
        "Datasets",
        "Components", "Evaluation", "Training", "Recipes", "Runs", "Analysis", "Certification",
        "ComponentLibrary",
        "Diagnostics", "Reporting", "Experiments", "Applications",
        "Export",
      ],
      swiftSettings: strict),

    // MARK: Command
    .executableTarget(
      name: "DovetailCommand",
      dependencies: [
        "Dovetail", "Files", "BuildInfo",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),

    // MARK: Tests
    .target(
      name: "TestSupport",
      dependencies: ["Tensors", "BackendCPU", "BackendOpenCL", "Autograd", "Networks"],
      path: "Tests/TestSupport", swiftSettings: strict),
    .testTarget(name: "FilesTests", dependencies: ["Files"], swiftSettings: strict),
    .testTarget(
      name: "TensorsTests", dependencies: ["Tensors", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "BackendTests",
      dependencies: ["Tensors", "BackendCPU", "BackendOpenCL", "Optimizers", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "AutogradTests",
      dependencies: [
        "Autograd", "Tensors", "TestSupport",
      ], swiftSettings: strict),
    .testTarget(
      name: "NetworksTests",
      dependencies: [
        "Autograd", "Networks", "Optimizers", "Tensors", "TestSupport",
      ],
      resources: [.copy("Fixtures")], swiftSettings: strict),
    .testTarget(
      name: "DatasetsTests", dependencies: ["Datasets", "TestSupport"],
      resources: [.copy("Fixtures")], swiftSettings: strict),
    .testTarget(
      name: "ComponentsTests",
      dependencies: [
        "Autograd", "BackendCPU", "Components", "Datasets", "Files", "Networks", "Tensors",
        "TestSupport",
      ],
      resources: [.copy("Fixtures")], swiftSettings: strict),
    .testTarget(
      name: "ExportTests",
      dependencies: [
        "Autograd", "BackendCPU", "Components", "Datasets", "Export", "Networks", "Tensors",
        "TestSupport",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "TrainingTests",
      dependencies: [
        "Analysis", "Autograd", "BackendCPU", "Components", "Datasets", "Diagnostics",
        "Evaluation", "Files",
        "Networks", "Optimizers", "Recipes", "Reporting", "Runs", "Tensors", "TestSupport",
        "Training",
      ],
      resources: [.copy("Fixtures")], swiftSettings: strict),
    .testTarget(
      name: "CertificationTests",
      dependencies: [
        "Analysis", "BackendCPU", "Certification", "Components", "Datasets", "Evaluation",
        "Files", "Networks", "Recipes", "Tensors", "TestSupport", "Training",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "ComponentLibraryTests",
      dependencies: [
        "BackendCPU", "ComponentLibrary", "Components", "Datasets", "Files", "Networks",
        "Tensors", "TestSupport",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "DiagnosticsTests",
      dependencies: [
        "Autograd", "BackendCPU", "BackendOpenCL", "Diagnostics", "Networks", "Optimizers",
        "Recipes", "Tensors", "TestSupport", "Training",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "ExperimentsTests",
      dependencies: [
        "Applications", "BackendCPU", "Components", "Datasets", "Evaluation", "Experiments",
        "Networks", "Recipes", "Reporting", "Runs", "Tensors", "TestSupport", "Training",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "ExtensionTests",
      dependencies: ["Dovetail", "BackendCPU", "BackendOpenCL", "Datasets", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "AnalysisTests", dependencies: ["Analysis", "Tensors", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "ReportingTests", dependencies: ["Reporting", "Files"], resources: [.copy("Fixtures")],
      swiftSettings: strict),
    .testTarget(
      name: "CommandTests",
      dependencies: [
        "BackendCPU", "BackendOpenCL", "Components", "Datasets", "Dovetail", "DovetailCommand",
        "Files", "Networks", "TestSupport",
      ],
      resources: [.copy("Fixtures")], swiftSettings: strict),
  ]
)
