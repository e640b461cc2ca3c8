import GraphWriter
import ZooCore

extension LiteConverter {
  static let boxes: [String: Rule] = [
    "NON_MAX_SUPPRESSION_V4": { try $0.suppressBoxes(hasScores: false) },
    "NON_MAX_SUPPRESSION_V5": { try $0.suppressBoxes(hasScores: true) },
  ]

  /// As many boxes as wanted, filled up with zeros, and how many of them there are.
  private mutating func suppressBoxes(hasScores: Bool) throws {
    if hasScores, let sigma = input(5) {
      guard let constant = sigma.constant, constant.type == .float32,
        try constant.load().elements(Float.self).allSatisfy({ $0 == 0 })
      else { throw ZooError(.unsupported, "scores that fall with the overlap (soft_nms_sigma)") }
    }
    let none = try list([Int]())
    let scores = try plain(input: 1)
    let count = step("Reshape", [try int64(input: 2), none])
    let inputs = [
      step("Unsqueeze", [try plain(input: 0), try list([0])]), step("Unsqueeze", [scores, try list([0, 1])]), count,
      step("Reshape", [try plain(input: 3), none]), step("Reshape", [try plain(input: 4), none]),
    ]
    let found = step("NonMaxSuppression", inputs)
    let indices = step("Gather", [found, try scalar(2, .int64)], [.int("axis", 1)])
    let size = step("Reshape", [count, try list([1])])
    func filled(_ name: String, _ zero: String) throws -> String {
      let zeros = step("Expand", [zero, size])
      return step(
        "Slice", [step("Concat", [name, zeros], [.int("axis", 0)]), try list([0]), size, try list([0])])
    }
    func int32(_ name: String) -> String { step("Cast", [name], [.int("to", Int(ElementType.int32.rawValue))]) }
    try finish(int32(filled(indices, scalar(0, .int64))))
    let number = int32(step("Reshape", [step("Shape", [indices]), none]))
    guard hasScores else { return try finish(number, position: 1) }
    try finish(filled(step("Gather", [scores, indices]), scalar(0)), position: 1)
    try finish(number, position: 2)
  }
}
