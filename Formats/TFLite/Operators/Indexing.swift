import GraphWriter
import ZooCore

extension LiteConverter {
  static let indexing: [String: Rule] = [
    "GATHER": { try $0.gather() },
    "GATHER_ND": {
      try $0.finish($0.step("GatherND", [$0.plain(input: 0), $0.int64(input: 1)]), isRounded: $0.keepsQuantization())
    },
    "SCATTER_ND": { try $0.scatter() },
    "SPARSE_TO_DENSE": { try $0.makeDense() },
    "ONE_HOT": { try $0.oneHot() },
    "WHERE": { try $0.findTrue() },
    "UNIQUE": { try $0.unique() },
    "REVERSE_SEQUENCE": { try $0.reverseSequences() },
  ]

  private mutating func gather() throws {
    let (input, indices) = (try needInput(0), try needInput(1))
    let rank = input.shape.count
    let axis = try axes([option(0)], rank: rank)[0]
    var batch = try option(1)
    if batch < 0 { batch += indices.shape.count }
    guard batch != 0 else {
      let name = step("Gather", [try plain(input: 0), try plain(input: 1)], [.int("axis", axis)])
      return try finish(name, isRounded: keepsQuantization())
    }
    guard (1...axis).contains(batch), batch <= indices.shape.count else {
      throw ZooError(.badData, "\(batch) axes are no batch of an axis \(axis)")
    }
    // ONNX takes what it gathers from behind the batch.
    var name = try plain(input: 0)
    let between = Array(batch..<axis)
    if !between.isEmpty {
      let order = Array(0..<batch) + [axis] + between + Array((axis + 1)..<rank)
      name = step("Transpose", [name], [.ints("perm", order)])
    }
    let places = step("Unsqueeze", [try int64(input: 1), try list([-1])])
    name = step("GatherND", [name, places], [.int("batch_dims", batch)])
    if !between.isEmpty {
      let count = indices.shape.count
      let moved = (count..<count + between.count), rest = (count + between.count)..<(rank - 1 + count - batch)
      name = step(
        "Transpose", [name], [.ints("perm", Array(0..<batch) + Array(moved) + Array(batch..<count) + Array(rest))])
    }
    try finish(name, isRounded: keepsQuantization())
  }

  /// Rows at the places of the first input, added where they meet, in a value that is zero elsewhere.
  private mutating func scatter() throws {
    let type = try output().computedType
    let empty = step("Expand", [try zero(type), try int64(input: 2)])
    let attributes: [Attribute] = type == .bool ? [] : [.text("reduction", "add")]
    let name = step("ScatterND", [empty, try int64(input: 0), try plain(input: 1)], attributes)
    try finish(name, isRounded: keepsQuantization(1))
  }

  private mutating func makeDense() throws {
    let (indices, values) = (try needInput(0), try needInput(2))
    let shape = try int64(input: 1)
    let filled = step("Expand", [step("Reshape", [try plain(input: 3), try list([Int]())]), shape])
    let width = try needInput(1).shape.first ?? 1
    let places = step("Reshape", [try int64(input: 0), try list([-1, indices.shape.count == 2 ? width : 1])])
    var updates = try plain(input: 2)
    if values.shape.isEmpty {
      updates = step("Expand", [updates, step("Shape", [places], [.int("end", 1)])])
    }
    try finish(step("ScatterND", [filled, places, updates]), isRounded: keepsQuantization(2))
  }

  /// Numbers outside of the depth, negative ones too, are nowhere; ONNX's OneHot counts those from the end.
  private mutating func oneHot() throws {
    let rank = try needInput(0).shape.count + 1
    let axis = try axes([option(0)], rank: rank)[0]
    let depth = step("Reshape", [try int64(input: 1), try list([Int]())])
    let range = step("Range", [try scalar(0, .int64), depth, try scalar(1, .int64)])
    let places = step("Reshape", [range, try list([-1] + Array(repeating: 1, count: rank - 1 - axis))])
    let isThere = step("Equal", [step("Unsqueeze", [try int64(input: 0), try list([axis])]), places])
    let values = try [2, 3].map { step("Reshape", [try plain(input: $0), try list([Int]())]) }
    try finish(step("Where", [isThere] + values), isRounded: keepsQuantization(2) && keepsQuantization(3))
  }

  private mutating func findTrue() throws {
    var name = try plain(input: 0)
    if try needInput(0).type != .bool { name = step("Cast", [name], [.int("to", Int(ElementType.bool.rawValue))]) }
    let found = step("Transpose", [step("NonZero", [name])], [.ints("perm", [1, 0])])
    try finish(output().type == .int64 ? found : step("Cast", [found], [.int("to", Int(output().type.rawValue))]))
  }

  private mutating func unique() throws {
    let place = try output().name
    let names = ["/values", "/first", "/indices"].map { writer.name(place + $0) }
    writer.nodes("Unique", [try plain(input: 0)], [.int("sorted", 0)], name: place + "/Unique", outputs: names)
    try finish(names[0], isRounded: keepsQuantization())
    try finish(step("Cast", [names[2]], [.int("to", Int(output(1).type.rawValue))]), position: 1)
  }

  private mutating func reverseSequences() throws {
    let rank = try needInput(0).shape.count
    let (time, batch) = (try option(0), try option(1))
    guard time != batch, (0..<rank).contains(time), (0..<rank).contains(batch) else {
      throw ZooError(.badData, "sequences along axis \(time) with the batch in axis \(batch) of \(rank)")
    }
    // ONNX has both in front.
    let order = [batch, time] + (0..<rank).filter { $0 != batch && $0 != time }
    var name = step("Transpose", [try plain(input: 0)], [.ints("perm", order)])
    name = step("ReverseSequence", [name, try int64(input: 1)], [.int("batch_axis", 0), .int("time_axis", 1)])
    let back = (0..<rank).compactMap { order.firstIndex(of: $0) }
    try finish(step("Transpose", [name], [.ints("perm", back)]), isRounded: keepsQuantization())
  }
}
