// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "recombine",
  dependencies: [.package(name: "dovetail", path: "../../..")],
  targets: [
    .executableTarget(
      name: "Recombine", dependencies: [.product(name: "Dovetail", package: "dovetail")],
      path: "Sources")
  ])
