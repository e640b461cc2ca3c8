import Foundation
import ModelZoo
import ResNet
import Testing
import TestSupport

/// Published weights and the data that they were measured on.
@Suite(.needs(Zoo.built, .data("cifar_resnet"), .data("cifar10")))
struct CheckpointTests {
  /// The figures are those that PyTorch gives for the same weights and images.
  @Test(arguments: [("resnet20", "resnet20-12fca82f.th", 8.27), ("resnet56", "resnet56-4bfd9763.th", 6.74)])
  func packsAndMeasures(_ architecture: String, _ weights: String, _ error: Double) throws {
    try withFolder { folder in
      let package = "\(folder)/\(architecture).zoo"
      let packed = try Zoo.run(
        "pack", architecture, "--weights", Need.dataPath("cifar_resnet/\(weights)"), "-o", package, "--json")
      #expect(packed.status == 0, "\(packed.errors)")
      #expect((try packed.json()["ratio"] as? Double ?? 1) < 0.95)
      let outcome = try Zoo.run("eval", package, Need.dataPath("cifar10/test_original_846.npz"), "--json")
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
      "pack", "resnet32", "--weights", Need.dataPath("cifar_resnet/resnet20-12fca82f.th"), "-o", "/dev/null/x.zoo")
    #expect(outcome.status == 65)
    #expect(outcome.errors.contains("ResNet-32"), "\(outcome.errors)")
  }
}
