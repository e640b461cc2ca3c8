import ZooPlugin

/// A kernel that is a function.
final class ClosureKernel: Kernel {
  let body: @Sendable (Call) throws -> Void
  let inPlaceInputs: [Int]

  init(inPlace: [Int] = [], _ body: @escaping @Sendable (Call) throws -> Void) {
    self.body = body
    inPlaceInputs = inPlace
  }

  func run(_ call: Call) throws { try body(call) }
}
