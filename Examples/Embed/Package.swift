// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "Embed",
  dependencies: [.package(name: "ModelZoo", path: "../..")],
  targets: [
    .executableTarget(
      name: "classify",
      dependencies: [
        .product(name: "ModelZoo", package: "ModelZoo"),
        // The operators, linked in. Without it, they are loaded from the plugins beside the program.
        .product(name: "ZooPluginsStatic", package: "ModelZoo"),
      ])
  ],
  swiftLanguageModes: [.v6]
)
