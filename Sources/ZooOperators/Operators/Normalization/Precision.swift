import ZooCore

extension Inference {
  /// These inputs have the type of input 0. Files mix float32 with halves, which the specification doesn't allow.
  func requireAlike(_ indices: ClosedRange<Int>) throws {
    guard let type = inputs.first??.kind else { return }
    for index in indices where has(index) {
      guard let own = try facts(index).kind, own != type else { continue }
      try require(
        [type, own].allSatisfy { [.tensor(.float32), .tensor(.float16), .tensor(.bfloat16)].contains($0) },
        "input \(index) is \(own.name) where \(type.name) is needed, as before it")
    }
  }
}
