import ZooCore
import TensorFiles

/// What a checkpoint holds.
///
/// ```swift
/// let checkpoint = try PyTorchFormat.read("resnet18-f37072fd.pth")
/// for tensor in checkpoint.tensors { print(tensor.name, tensor.tensor.shape) }
/// ```
package struct Checkpoint: Sendable {
  /// The weights, in the file's order, by their names in the state dictionary. Those of nested containers are joined by
  /// dots. The elements stay in the file until somebody loads them.
  package let tensors: [NamedTensor]
  /// Everything else that is plain data, by name: epochs, labels, accuracies. Containers that hold tensors beside the
  /// weights (an optimizer's state) are left out.
  package let values: [String: CheckpointValue]
  /// Where in the checkpoint the weights were: `state_dict`, `model.state_dict`; empty if the whole is one.
  package let path: String
  /// What of the file is not read: the classes of objects that are neither tensors nor plain data, of which nothing is
  /// run, and arrays of what tensors don't hold.
  package let unread: [String]
}
