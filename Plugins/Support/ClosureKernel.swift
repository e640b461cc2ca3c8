import ZooPlugin

/// A kernel that is a function.
package final class ClosureKernel: Kernel {
  private let body: @Sendable (Call) throws -> Void
  package let inPlaceInputs: [Int]
  package let inputPlaces: [Int?]
  package let outputLayouts: [Layout]?

  /// - Parameter layout: Of all that it writes to its first output.
  package init(
    inPlace: [Int] = [], places: [Int?] = [], layout: Layout = .plain, _ body: @escaping @Sendable (Call) throws -> Void
  ) {
    self.body = body
    inPlaceInputs = inPlace
    inputPlaces = places
    outputLayouts = [layout]
  }

  /// - Parameter layouts: Of what it writes to each output.
  package init(layouts: [Layout], _ body: @escaping @Sendable (Call) throws -> Void) {
    self.body = body
    (inPlaceInputs, inputPlaces) = ([], [])
    outputLayouts = layouts
  }

  package func run(_ call: Call) throws { try body(call) }
}
