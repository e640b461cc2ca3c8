// swift-tools-version: 6.1
import PackageDescription

// A package of its own: its program has a main function only where it is built with -sanitize=fuzzer (make fuzz).
let package = Package(
  name: "Fuzz",
  dependencies: [.package(name: "ModelZoo", path: "../..")],
  targets: [
    .executableTarget(
      name: "fuzz", dependencies: [.product(name: "FuzzTargets", package: "ModelZoo")], path: "Driver")
  ]
)
