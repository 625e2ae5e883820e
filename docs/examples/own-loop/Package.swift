// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "own-loop",
  dependencies: [.package(name: "dovetail", path: "../../..")],
  targets: [
    .executableTarget(
      name: "OwnLoop", dependencies: [.product(name: "Dovetail", package: "dovetail")],
      path: "Sources")
  ])
