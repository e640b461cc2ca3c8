/// What a model takes and gives (ONNX IR specification, "Values"): a tensor as a rule.
public enum Value: Sendable {
  case tensor(Tensor)
  case sequence([Value])
  indirect case optional(Value?)
  /// One value, an element of `values`, for each key: integers or strings. Both are vectors of the same length.
  indirect case map(keys: Tensor, values: Tensor)

  /// The tensor; `nil` for any other value.
  public var tensor: Tensor? {
    guard case .tensor(let tensor) = self else { return nil }
    return tensor
  }

  /// The memory of a tensor that is not of strings.
  package var memory: TensorMemory? { if case .tensor(let tensor) = self { tensor.memory } else { nil } }
}
