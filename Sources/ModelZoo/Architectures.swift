import PyTorchFormat
@_exported import AlexNet
@_exported import GraphBuilder
@_exported import RCNN
@_exported import ResNet

/// Every family of networks that the zoo can build from a user's weights.
public let architectures: [any Architecture.Type] = [AlexNet.self, RCNN.self, ResNet.self]

extension Checkpoint {
  /// The numbers and texts among the checkpoint's values, which an architecture may ask for.
  public var settings: [String: Parameters.Setting] {
    values.compactMapValues { value in
      switch value {
      case .int(let number): .number(Double(number))
      case .float(let number): .number(number)
      case .text(let text): .text(text)
      default: nil
      }
    }
  }
}
