import GraphWriter
import ZooCore

extension LiteConverter {
  /// Reduces the axes that the second input lists.
  mutating func reduction(_ operatorType: String) throws {
    let rank = try needInput(0).shape.count
    let axes = try Array(Set(axes(integers(1), rank: rank))).sorted()
    let keepsAxes = try flag(0)
    // The order of the axes that are left must be the same in both forms.
    let isFirst = isChannelsFirst(0) && (keepsAxes || [[1, 2], [3], [1, 2, 3], [0, 1, 2, 3]].contains(axes))
    guard isFirst else {
      return try finish(
        step(operatorType, [plain(input: 0), list(axes)], [.int("keepdims", keepsAxes ? 1 : 0)]))
    }
    let moved = axes.compactMap { Self.channelsFirst.firstIndex(of: $0) }.sorted()
    let reduced = step(
      operatorType, [try channelsFirst(input: 0), try list(moved)], [.int("keepdims", keepsAxes ? 1 : 0)])
    try finish(reduced, channelsFirst: keepsAxes)
  }

  /// Where the greatest or least elements are.
  mutating func position(_ operatorType: String) throws {
    let rank = try needInput(0).shape.count
    let axis = try axes(integers(1), rank: rank)
    guard axis.count == 1 else { throw ZooError(.badData, "it has \(axis.count) axes") }
    let found = step(operatorType, [try plain(input: 0)], [.int("axis", axis[0]), .int("keepdims", 0)])
    try finish(output().type == .int64 ? found : step("Cast", [found], [.int("to", Int(output().type.rawValue))]))
  }

  /// Values and places of the greatest elements of the last axis.
  mutating func greatest() throws {
    let count = try int64(input: 1)
    let list = try list([1])
    let counts = step("Reshape", [count, list])
    let place = try output().name
    let names = [writer.name(place + "/values"), writer.name(place + "/indices")]
    writer.nodes("TopK", [try plain(input: 0), counts], [.int("axis", -1)], name: place + "/TopK", outputs: names)
    try finish(names[0], isRounded: keepsQuantization())
    guard current.outputs.count > 1 else { return }
    try finish(step("Cast", [names[1]], [.int("to", Int(output(1).type.rawValue))]), position: 1)
  }

  mutating func cumulativeSum() throws {
    let axis = try plain(input: 1)
    let attributes: [Attribute] = [.int("exclusive", try flag(0) ? 1 : 0), .int("reverse", try flag(1) ? 1 : 0)]
    try finish(step("CumSum", [plain(input: 0), axis], attributes))
  }
}
