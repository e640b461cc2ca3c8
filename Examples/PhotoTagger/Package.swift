// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "PhotoTagger",
  // Elsewhere: .package(url: "…", from: "0.2.0")
  dependencies: [.package(name: "ModelZoo", path: "../..")],
  targets: [
    .executableTarget(name: "tag-photos", dependencies: [.product(name: "ModelZoo", package: "ModelZoo")])
  ],
  swiftLanguageModes: [.v6]
)
