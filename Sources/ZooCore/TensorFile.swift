/// What a file of weights holds: named tensors, and texts about them. Each weights format reads and writes this.
public struct TensorFile: Sendable {
  /// In the order in which they lie in the file; elements stay there until somebody loads them.
  public var tensors: [NamedTensor]
  /// What the file says about itself, such as safetensors' `__metadata__`.
  public var metadata: [Property]
  /// What else the file holds and nobody reads, in words: objects of a program, tables of texts.
  public var unread: [String]

  public init(tensors: [NamedTensor], metadata: [Property] = [], unread: [String] = []) {
    self.tensors = tensors
    self.metadata = metadata
    self.unread = unread
  }
}
