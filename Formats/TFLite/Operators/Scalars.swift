import ZooCore

/// Counters of loops are computed while the model is read.
extension LiteConverter {
  private static let sums: [String: @Sendable (Int, Int) -> (partialValue: Int, overflow: Bool)] = [
    "ADD": { $0.addingReportingOverflow($1) },
    "SUB": { $0.subtractingReportingOverflow($1) },
    "MUL": { $0.multipliedReportingOverflow(by: $1) },
    "MAXIMUM": { (max($0, $1), false) },
    "MINIMUM": { (min($0, $1), false) },
  ]

  private static let relations: [String: @Sendable (Int, Int) -> Bool] = [
    "LESS": { $0 < $1 }, "LESS_EQUAL": { $0 <= $1 }, "GREATER": { $0 > $1 }, "GREATER_EQUAL": { $0 >= $1 },
    "EQUAL": { $0 == $1 }, "NOT_EQUAL": { $0 != $1 }, "LOGICAL_AND": { $0 & $1 == 1 }, "LOGICAL_OR": { $0 | $1 == 1 },
  ]

  /// Makes the output of an operator on two constants, of one whole number or truth value each, a constant. Says whether it
  /// is one.
  mutating func foldScalars(_ operatorType: String) throws -> Bool {
    let (sum, relation) = (Self.sums[operatorType], Self.relations[operatorType])
    guard sum != nil || relation != nil, current.inputs.count == 2, current.outputs.count == 1,
      let left = try whole(0), let right = try whole(1), try output().shape.isEmpty
    else { return false }
    let result: Tensor
    if let relation {
      result = try Tensor([relation(left, right)], shape: [])
    } else {
      guard let sum, case (let number, false) = sum(left, right) else { return false }
      switch try output().type {
      case .int32:
        guard let number = Int32(exactly: number) else { return false }
        result = try Tensor([number], shape: [])
      case .int64: result = try Tensor([Int64(number)], shape: [])
      default: return false
      }
    }
    guard result.type == (try output().type) else { return false }
    lite.tensors[current.outputs[0]].constant = StoredTensor(result)
    return true
  }

  /// A constant input of one whole number or truth value.
  private func whole(_ position: Int) throws -> Int? {
    guard let tensor = input(position), let constant = tensor.constant, constant.shape.isEmpty else { return nil }
    switch constant.type {
    case .int32: return try constant.load().elements(Int32.self).first.map(Int.init)
    case .int64: return try constant.load().elements(Int64.self).first.map(Int.init)
    case .bool: return try constant.load().elements(Bool.self).first.map { $0 ? 1 : 0 }
    default: return nil
    }
  }
}
