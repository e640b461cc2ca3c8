import ZooCore

/// What a checkpoint holds.
///
/// ```swift
/// let checkpoint = try PyTorchFormat.read("resnet18-f37072fd.pth")
/// for tensor in checkpoint.tensors { print(tensor.name, tensor.tensor.shape) }
/// ```
public struct Checkpoint: Sendable {
  /// The weights, in the file's order, by their names in the state dictionary. Those of nested containers are joined by
  /// dots. The elements stay in the file until somebody loads them.
  public let tensors: [NamedTensor]
  /// Everything else that is plain data, by name: epochs, labels, accuracies. Containers that hold tensors beside the
  /// weights (an optimizer's state) are left out.
  public let values: [String: CheckpointValue]
  /// Where in the checkpoint the weights were: `state_dict`, `model.state_dict`; empty if the whole is one.
  public let path: String
}

/// A value of a checkpoint that is no tensor.
public indirect enum CheckpointValue: Sendable, Hashable {
  case none
  case bool(Bool)
  case int(Int)
  case float(Double)
  case text(String)
  case bytes([UInt8])
  /// A list, tuple or set.
  case list([CheckpointValue])
  case dictionary([String: CheckpointValue])
  /// Something that has no counterpart here; the text says what.
  case other(String)

  /// The texts of a list of texts, as labels are kept; `nil` for anything else.
  public var texts: [String]? {
    guard case .list(let items) = self else { return nil }
    let texts = items.compactMap { item -> String? in
      if case .text(let text) = item { text } else { nil }
    }
    return texts.count == items.count ? texts : nil
  }
}
