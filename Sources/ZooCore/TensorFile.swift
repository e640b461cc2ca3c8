/// What a file of weights holds: named tensors, and texts about them. Each weights format reads and writes this.
public struct TensorFile: Sendable {
  /// In the order in which they lie in the file; elements stay there until somebody loads them.
  public var tensors: [NamedTensor]
  /// What the file says about itself, such as safetensors' `__metadata__`.
  public var metadata: [Property]

  public init(tensors: [NamedTensor], metadata: [Property] = []) {
    self.tensors = tensors
    self.metadata = metadata
  }
}
