import GraphWriter
import ZooCore

/// Reductions of rows that have the same number.
extension LiteConverter {
  static let segments: [String: Rule] = [
    "SEGMENT_SUM": { try $0.segmentSum() },
    "UNSORTED_SEGMENT_SUM": { try $0.reduceSegments("add", from: 0) },
    "UNSORTED_SEGMENT_PROD": { try $0.reduceSegments("mul", from: 1) },
    "UNSORTED_SEGMENT_MAX": { try $0.reduceSegments("max", from: -.infinity) },
    "UNSORTED_SEGMENT_MIN": { try $0.reduceSegments("min", from: .infinity) },
  ]

  /// As many segments as the last number says.
  private mutating func segmentSum() throws {
    let last = step("ReduceMax", [try int64(input: 1), try list([0])], [.int("keepdims", 1)])
    let count = step("Add", [last, try scalar(1, .int64)])
    try segments("add", from: 0, count: count, numbers: int64(input: 1))
  }

  /// As many segments as the third input says; rows of negative numbers are in none.
  private mutating func reduceSegments(_ reduction: String, from start: Double) throws {
    let count = step("Reshape", [try int64(input: 2), try list([1])])
    let numbers = try int64(input: 1)
    let isNone = step("Less", [numbers, try scalar(0, .int64)])
    try segments(reduction, from: start, count: count, numbers: step("Where", [isNone, count, numbers]))
  }

  private mutating func segments(_ reduction: String, from start: Double, count: String, numbers: String) throws {
    let (type, rank) = (try output().computedType, try needInput(1).shape.count)
    let one = try scalar(1, .int64)
    let row = step("Shape", [try plain(input: 0)], [.int("start", rank)])
    // One segment more takes the rows of none.
    let shape = step("Concat", [step("Add", [count, one]), row], [.int("axis", 0)])
    let empty = step("Expand", [try limit(start, type), shape])
    let places = step("Unsqueeze", [numbers, try list([-1])])
    let all = step("ScatterND", [empty, places, try plain(input: 0)], [.text("reduction", reduction)])
    try finish(step("Slice", [all, try list([0]), count, try list([0])]))
  }

  /// A number of the type; infinities are the greatest and least that it has.
  private mutating func limit(_ number: Double, _ type: ElementType) throws -> String {
    guard number.isInfinite else { return try scalar(number, type) }
    let isLeast = number < 0
    switch type {
    case .float32: return try scalar(isLeast ? -Float.greatestFiniteMagnitude : .greatestFiniteMagnitude)
    case .int32:
      return try writer.constant([isLeast ? Int32.min : .max], shape: [], "\(output().name)/limit")
    case .int64:
      return try writer.constant([isLeast ? Int64.min : .max], shape: [], "\(output().name)/limit")
    default: throw ZooError(.unsupported, "elements of type \(type.name)")
    }
  }
}
