// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "own-parts",
  dependencies: [.package(name: "dovetail", path: "../../..")],
  targets: [
    .executableTarget(
      name: "OwnParts", dependencies: [.product(name: "Dovetail", package: "dovetail")],
      path: "Sources")
  ])
