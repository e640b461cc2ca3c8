import GraphWriter
import ZooCore

extension LiteConverter {
  static let reductions: [String: Rule] = [
    "MEAN": { try $0.reduction("ReduceMean") },
    "SUM": { try $0.reduction("ReduceSum") },
    "REDUCE_MAX": { try $0.reduction("ReduceMax") },
    "REDUCE_MIN": { try $0.reduction("ReduceMin") },
    "REDUCE_PROD": { try $0.reduction("ReduceProd") },
    "REDUCE_ANY": { try $0.reduction("ReduceMax") },
    "REDUCE_ALL": { try $0.reduction("ReduceMin") },
    "ARG_MAX": { try $0.position("ArgMax") },
    "ARG_MIN": { try $0.position("ArgMin") },
    "TOPK_V2": { try $0.greatest() },
    "CUMSUM": { try $0.cumulativeSum() },
  ]

  /// Reduces the axes that the second input lists.
  private mutating func reduction(_ operatorType: String) throws {
    let rank = try needInput(0).shape.count
    let axes = try Array(Set(axes(integers(1), rank: rank))).sorted()
    let keepsAxes = try flag(0)
    // The order of the axes that are left must be the same in both forms.
    let isFirst = isChannelsFirst(0) && (keepsAxes || [[1, 2], [3], [1, 2, 3], [0, 1, 2, 3]].contains(axes))
    let moved = isFirst ? axes.compactMap { Self.channelsFirst.firstIndex(of: $0) }.sorted() : axes
    let name = try isFirst ? channelsFirst(input: 0) : plain(input: 0)
    try finish(reduce(operatorType, name, axes: moved, keepsAxes: keepsAxes), channelsFirst: isFirst && keepsAxes)
  }

  /// The first input's value `name` without some axes. Truth values are reduced as numbers.
  mutating func reduce(_ operatorType: String, _ name: String, axes: [Int], keepsAxes: Bool) throws -> String {
    func cast(_ name: String, _ type: ElementType) -> String { step("Cast", [name], [.int("to", Int(type.rawValue))]) }
    let isTruth = try needInput(0).type == .bool
    // Without axes, ONNX would reduce all.
    let attributes: [Attribute] = [.int("keepdims", keepsAxes ? 1 : 0), .int("noop_with_empty_axes", 1)]
    let reduced = step(operatorType, [isTruth ? cast(name, .int32) : name, try list(axes)], attributes)
    return isTruth ? cast(reduced, .bool) : reduced
  }

  /// Where the greatest or least elements are.
  private mutating func position(_ operatorType: String) throws {
    let rank = try needInput(0).shape.count
    let axis = try axes(integers(1), rank: rank)
    guard axis.count == 1 else { throw ZooError(.badData, "it has \(axis.count) axes") }
    let found = step(operatorType, [try plain(input: 0)], [.int("axis", axis[0]), .int("keepdims", 0)])
    try finish(output().type == .int64 ? found : step("Cast", [found], [.int("to", Int(output().type.rawValue))]))
  }

  /// Values and places of the greatest elements of the last axis.
  private mutating func greatest() throws {
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

  private mutating func cumulativeSum() throws {
    let axis = try plain(input: 1)
    let attributes: [Attribute] = [.int("exclusive", try flag(0) ? 1 : 0), .int("reverse", try flag(1) ? 1 : 0)]
    try finish(step("CumSum", [plain(input: 0), axis], attributes))
  }
}
