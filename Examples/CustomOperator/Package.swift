// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "CustomOperator",
  products: [.library(name: "Softsign", type: .dynamic, targets: ["Softsign"])],
  dependencies: [.package(name: "ModelZoo", path: "../..")],
  targets: [
    .target(name: "Softsign", dependencies: [.product(name: "ZooPlugin", package: "ModelZoo")])
  ],
  swiftLanguageModes: [.v6]
)
