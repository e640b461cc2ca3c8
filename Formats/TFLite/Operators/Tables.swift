import GraphWriter
import ZooCore

/// Tables of the file that whole numbers or strings are looked up in.
struct Tables {
  fileprivate struct Table {
    var keys: Int
    var values: Int
  }

  /// By the number that the file gives a table.
  fileprivate var tables: [Int: Table] = [:]
  fileprivate var handles: [Int: Int] = [:]
}

extension LiteConverter {
  static let tableRules: [String: Rule] = [
    "HASHTABLE": {
      _ = try $0.output()
      $0.tables.handles[$0.current.outputs[0]] = try $0.option(0)
    },
    "HASHTABLE_IMPORT": { try $0.fillTable() },
    "HASHTABLE_FIND": { try $0.lookUp() },
    "HASHTABLE_SIZE": { try $0.countTable() },
    "EMBEDDING_LOOKUP": {
      try $0.finish($0.step("Gather", [$0.plain(input: 1), $0.plain(input: 0)]), isRounded: $0.keepsQuantization(1))
    },
    "BUCKETIZE": { try $0.bucketize() },
  ]

  private func tableNumber() throws -> Int {
    _ = try needInput(0)
    guard let number = tables.handles[current.inputs[0]] else { throw ZooError(.badData, "its input 0 is no table") }
    return number
  }

  private mutating func fillTable() throws {
    let (number, keys, values) = (try tableNumber(), try needInput(1), try needInput(2))
    guard states.isBeginning, keys.constant != nil, values.constant != nil else {
      throw ZooError(.unsupported, "a table whose entries are no constants")
    }
    guard keys.shape.count == 1, values.shape == keys.shape else {
      throw ZooError(.badData, "a table of keys of shape \(keys.shape) and values of shape \(values.shape)")
    }
    // A table is filled once.
    if tables.tables[number] == nil {
      tables.tables[number] = Tables.Table(keys: current.inputs[1], values: current.inputs[2])
    }
  }

  private func table() throws -> Tables.Table {
    guard let table = try tables.tables[tableNumber()] else { throw ZooError(.badData, "the table is never filled") }
    return table
  }

  /// The values of keys, or the default.
  private mutating func lookUp() throws {
    let table = try table()
    let count = lite.tensors[table.keys].shape[0]
    let fallback = step("Reshape", [try plain(input: 2), try list([Int]())])
    let keys = try plain(input: 1)
    guard count > 0 else { return try finish(step("Expand", [fallback, step("Shape", [keys])])) }
    let equal = step("Equal", [step("Unsqueeze", [keys, try list([-1])]), try plain(table.keys)])
    let found = step("Cast", [equal], [.int("to", Int(ElementType.int32.rawValue))])
    let place = step("ArgMax", [found], [.int("axis", -1), .int("keepdims", 0)])
    let isThere = step("ReduceMax", [found, try list([-1])], [.int("keepdims", 0)])
    let value = step("Gather", [try plain(table.values), place])
    try finish(step("Where", [step("Cast", [isThere], [.int("to", Int(ElementType.bool.rawValue))]), value, fallback]))
  }

  private mutating func countTable() throws {
    let count = try lite.tensors[table().keys].shape[0]
    try finish(writer.constant([Int64(count)], shape: output().shape, "\(output().name)/count"))
  }

  /// How many boundaries are no greater than each number.
  private mutating func bucketize() throws {
    let boundaries = try current.options?.numbers(0, Float.self) ?? []
    let input = try needInput(0)
    var numbers = try plain(input: 0)
    if input.type != .float32, !input.isQuantized {
      numbers = step("Cast", [numbers], [.int("to", Int(ElementType.float64.rawValue))])
    }
    let list =
      try input.type == .float32 || input.isQuantized
      ? writer.constant(boundaries, "\(output().name)/boundaries")
      : writer.constant(boundaries.map(Double.init), "\(output().name)/boundaries")
    let reached = step("GreaterOrEqual", [step("Unsqueeze", [numbers, try self.list([-1])]), list])
    let counted = step("Cast", [reached], [.int("to", Int(ElementType.int32.rawValue))])
    let sum = step("ReduceSum", [counted, try self.list([-1])], [.int("keepdims", 0)])
    try finish(sum)
  }
}
