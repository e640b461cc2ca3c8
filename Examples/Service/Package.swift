// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "Service",
  dependencies: [
    // Elsewhere: .package(url: "…", from: "0.2.0")
    .package(name: "ModelZoo", path: "../.."),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
  ],
  targets: [
    .executableTarget(
      name: "serve",
      dependencies: [
        .product(name: "ModelZoo", package: "ModelZoo"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "Metrics", package: "swift-metrics"),
      ])
  ],
  swiftLanguageModes: [.v6]
)
