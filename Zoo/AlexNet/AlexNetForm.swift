import GraphBuilder
import ZooCore

/// What distinguishes AlexNets: widths, windows, groups, and what their tensors are called.
///
/// A checkpoint's convolutions are its tensors `features.N` of four axes, in the order of N, as torchvision's
/// (`features.0`, `.3`, `.6`, `.8`, `.10`) or with normalization as modules of their own; its fully connected layers
/// `classifier.N`. Caffe's names `conv1` … `conv5`, `fc6`, `fc7`, `fc8` are known too.
package struct AlexNetForm: Sendable {
  /// The names of the five convolutions, without `.weight`.
  package let convolutions: [String]
  /// The names of the fully connected layers 6, 7 and 8; there is no 8 where a network of regions has none.
  package let connected: [String]
  /// Channels that each convolution gives.
  package let widths: [Int]
  /// Values that layers 6 and 7 give.
  package let hidden: [Int]
  /// Rows and columns of the first window, and of the second.
  package let kernels: [Int]
  /// Whether convolutions 2, 4 and 5 work in two groups and layers 1 and 2 are normalized (section 3.3 and figure 2).
  package let isOriginal: Bool

  /// Whether the network is one for images of 32 by 32: windows of stride 1.
  package var isForCIFAR: Bool { kernels[0] < 11 }
  /// Rows and columns of the input. The paper says 224, but its arithmetic (55 positions, no padding) needs 227.
  package var side: Int { isForCIFAR ? 32 : isOriginal ? 227 : 224 }
  /// Rows and columns of what the last pooling gives.
  package var pooledSide: Int { isForCIFAR ? 3 : 6 }
  /// Values that the last pooling gives: channels, rows and columns.
  package var pooledCount: Int { widths[4] * pooledSide * pooledSide }
  var groups: Int { isOriginal ? 2 : 1 }
  var firstStride: Int { isForCIFAR ? 1 : 4 }
  var firstPadding: Int { isForCIFAR ? kernels[0] / 2 : isOriginal ? 0 : 2 }

  package init(_ variant: AlexNet.Variant) {
    convolutions = [0, 3, 6, 8, 10].map { "features.\($0)" }
    connected = [1, 4, 6].map { "classifier.\($0)" }
    isOriginal = variant != .oneTower
    switch variant {
    case .original: (widths, hidden, kernels) = ([96, 256, 384, 384, 256], [4096, 4096], [11, 5])
    case .oneTower: (widths, hidden, kernels) = ([64, 192, 384, 256, 256], [4096, 4096], [11, 5])
    case .cifar: (widths, hidden, kernels) = ([32, 64, 128, 128, 128], [512, 512], [5, 5])
    }
  }

  /// The form of a checkpoint; `nil` for random weights.
  ///
  /// - Throws: `ZooError` (`badData`) for weights that are no AlexNet's.
  package init?(of parameters: Parameters) throws {
    guard !parameters.areRandom else { return nil }
    let weights = parameters.names.filter { $0.hasSuffix(".weight") }.map { String($0.dropLast(".weight".count)) }
    func shape(_ name: String) -> [Int] { parameters.shape(of: name + ".weight") ?? [] }
    func numbered(_ prefix: String, rank: Int) -> [String] {
      let found = weights.compactMap { name in
        name.hasPrefix(prefix) ? Int(name.dropFirst(prefix.count)).map { (name: name, number: $0) } : nil
      }
      return found.filter { shape($0.name).count == rank }.sorted { $0.number < $1.number }.map(\.name)
    }
    let convolutions = [numbered("features.", rank: 4), numbered("conv", rank: 4)].first { $0.count == 5 }
    let connected = [numbered("classifier.", rank: 2), numbered("fc", rank: 2)].first { (2...3).contains($0.count) }
    guard let convolutions, let connected else {
      throw ZooError(
        .badData, "the weights are not those of AlexNet: it has five convolutions and three fully connected layers",
        advice: "name them as torchvision does (features.0 … features.10, classifier.1, .4, .6) or as Caffe does")
    }
    self.convolutions = convolutions
    self.connected = connected
    widths = convolutions.map { shape($0)[0] }
    hidden = connected.prefix(2).map { shape($0)[0] }
    kernels = convolutions.prefix(2).map { shape($0)[2] }
    isOriginal = shape(convolutions[1])[1] * 2 == widths[0]
    guard kernels.allSatisfy({ $0 % 2 == 1 && $0 <= 11 }) else {
      throw ZooError(.badData, "windows of \(kernels[0]) and \(kernels[1]) pixels are not those of an AlexNet")
    }
  }
}
