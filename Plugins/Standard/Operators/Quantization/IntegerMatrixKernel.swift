import PluginSupport
import ZooPlugin

/// A kernel around an integer product, whose packed matrix those for other shapes share.
final class IntegerMatrixKernel: Kernel {
  typealias Remake = @Sendable (_ node: Node, _ packed: PackedBytes?, _ executor: Executor) throws -> any Kernel
  typealias Body = @Sendable (_ call: Call, _ workspace: UnsafeMutableRawPointer) throws -> Void

  private let product: IntegerProduct
  private let matrix: Int
  private let remake: Remake
  private let body: Body
  let workspaceByteCount: Int

  /// - Parameters:
  ///   - matrix: the input that B is.
  ///   - extra: bytes of workspace before the product's own, a multiple of 64.
  init(_ product: IntegerProduct, at matrix: Int, extra: Int = 0, remake: @escaping Remake, body: @escaping Body) throws
  {
    (self.product, self.matrix, self.remake, self.body) = (product, matrix, remake, body)
    // No run may find itself without a workspace.
    workspaceByteCount = max(64, try product.workspaceByteCount + extra)
  }

  var consumedInputs: [Int] { product.packed == nil ? [] : [matrix] }
  var summary: String? { "integer product" + (product.packed == nil ? ", packed at each run" : ", packed") }

  func reshaped(for node: Node, on executor: Executor) throws -> (any Kernel)? {
    try product.packed.map { try remake(node, $0, executor) }
  }

  func run(_ call: Call) throws {
    guard product.rows > 0, product.columns > 0, product.pairs.count > 0, let workspace = call.workspace else { return }
    try body(call, workspace)
  }
}
