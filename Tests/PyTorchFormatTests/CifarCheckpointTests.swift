import Foundation
import PyTorchFormat
import TestSupport
import Testing
import ZooCore

/// The published CIFAR checkpoints, where they are at hand: the older form, written on a GPU with PyTorch 1.0.
@Suite struct CifarCheckpointTests {
  static let resNet20 = "cifar_resnet/resnet20-12fca82f.th"

  @Test(.needs(.data(resNet20)))
  func publishedWeightsAreRead() throws {
    let checkpoint = try PyTorchFormat.read(Need.dataPath(Self.resNet20))
    #expect(checkpoint.path == "state_dict")
    #expect(checkpoint.values["best_prec1"] == .float(91.78000183105469))
    #expect(checkpoint.tensors.count == 97)
    #expect(checkpoint.tensors[0].name == "module.conv1.weight")
    #expect(checkpoint.tensors[0].tensor.shape == [16, 3, 3, 3])
    // Sums of the elements in float64, from PyTorch.
    let sums: [String: Double] = [
      "module.conv1.weight": 1.3100982000032673,
      "module.layer1.0.bn1.running_var": 24.223069393250626,
      "module.layer2.0.conv1.weight": -24.616129788733815,
      "module.layer3.2.conv2.weight": 1.509974816668091,
      "module.linear.weight": -0.04562738863751292,
      "module.linear.bias": 3.4442171454429626e-05,
    ]
    for (name, sum) in sums {
      let tensor = try #require(checkpoint.tensors.first { $0.name == name }).tensor
      let found = try tensor.load().elements(Float.self).reduce(0.0) { $0 + Double($1) }
      #expect(abs(found - sum) < 1e-9, "\(name)")
    }
  }
}
