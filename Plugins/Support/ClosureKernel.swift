import ZooPlugin

/// A kernel that is a function.
package final class ClosureKernel: Kernel {
  private let body: @Sendable (Call) throws -> Void
  package let inPlaceInputs: [Int]

  package init(inPlace: [Int] = [], _ body: @escaping @Sendable (Call) throws -> Void) {
    self.body = body
    inPlaceInputs = inPlace
  }

  package func run(_ call: Call) throws { try body(call) }
}
