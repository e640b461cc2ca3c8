// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "Embed",
  // Elsewhere: .package(url: "…", from: "0.2.0")
  dependencies: [.package(name: "ModelZoo", path: "../..")],
  targets: [
    .executableTarget(name: "answer", dependencies: [.product(name: "ModelZoo", package: "ModelZoo")])
  ],
  swiftLanguageModes: [.v6]
)
