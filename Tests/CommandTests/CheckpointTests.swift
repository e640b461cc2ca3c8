import Foundation
import ModelZoo
import TestSupport
import Testing

/// Published weights and the data that they were measured on, which lie beside the checkout on some machines only.
private let shared = URL(fileURLWithPath: Zoo.root).deletingLastPathComponent().path + "/shared/data"

@Suite(
  .enabled(if: Zoo.isBuilt, "the program zoo has not been built: swift build -c release"),
  .enabled(if: FileManager.default.fileExists(atPath: shared), "there is no ../shared/data"))
struct CheckpointTests {
  /// The figures are those that PyTorch gives for the same weights and images.
  @Test(arguments: [("resnet20", "resnet20-12fca82f.th", 8.27), ("resnet56", "resnet56-4bfd9763.th", 6.74)])
  func packsAndMeasures(_ architecture: String, _ weights: String, _ error: Double) throws {
    try withFolder { folder in
      let package = "\(folder)/\(architecture).zoo"
      let packed = try Zoo.run(
        "pack", architecture, "--weights", "\(shared)/cifar_resnet/\(weights)", "-o", package, "--json")
      #expect(packed.status == 0, "\(packed.errors)")
      #expect((try packed.json()["ratio"] as? Double ?? 1) < 0.95)
      let outcome = try Zoo.run("eval", package, "\(shared)/cifar10/test_original_846.npz", "--json")
      #expect(outcome.status == 0, "\(outcome.errors)")
      let report = try outcome.json()
      #expect(report["images"] as? Int == 846)
      let top1 = try #require(report["top1"] as? Double)
      #expect(abs((1 - top1) * 100 - error) < 0.006, "\(top1)")
      #expect((report["top5"] as? Double ?? 0) > 0.98)
    }
  }

  @Test func refusesWeightsOfAnotherArchitecture() throws {
    let outcome = try Zoo.run(
      "pack", "resnet32", "--weights", "\(shared)/cifar_resnet/resnet20-12fca82f.th", "-o", "/dev/null/x.zoo")
    #expect(outcome.status == 65)
    #expect(outcome.errors.contains("ResNet-32"), "\(outcome.errors)")
  }
}
