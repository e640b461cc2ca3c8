import ZooPlugin

/// A kernel of exact products of bytes, whose packed right-hand side those for other shapes share.
package final class IntegerKernel: Kernel {
  package typealias Remake =
    @Sendable (_ node: Node, _ packed: PackedBytes?, _ executor: Executor) throws ->
    any Kernel

  private let packed: PackedBytes?
  private let input: Int
  private let name: String
  private let remake: Remake
  private let body: @Sendable (Call) throws -> Void
  package let workspaceByteCount: Int

  /// - Parameters:
  ///   - packed: what input `input` holds, if it is constant.
  ///   - name: of the product, for people.
  package init(
    _ name: String, packed: PackedBytes?, input: Int, workspaceByteCount: Int, remake: @escaping Remake,
    body: @escaping @Sendable (Call) throws -> Void
  ) {
    (self.name, self.packed, self.input, self.remake, self.body) = (name, packed, input, remake, body)
    self.workspaceByteCount = workspaceByteCount
  }

  package var consumedInputs: [Int] { packed == nil ? [] : [input] }
  package var summary: String? { name + (packed == nil ? ", packed at each run" : ", packed") }

  package func reshaped(for node: Node, on executor: Executor) throws -> (any Kernel)? {
    try packed.map { try remake(node, $0, executor) }
  }

  package func run(_ call: Call) throws { try body(call) }
}
