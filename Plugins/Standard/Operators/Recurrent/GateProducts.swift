import ZooPlugin

/// W and R of a recurrent operator, as its kernel multiplies by them.
protocol GateProducts: Sendable {
  /// Whether they are constant, so that no run reads them.
  var isPacked: Bool { get }
  var workspaceByteCount: Int { get }
  /// Whether directions may be multiplied at the same time.
  var areIndependent: Bool { get }

  /// The matrices of one run.
  func matrices(_ call: Call, workspace: UnsafeMutableRawPointer) throws -> any GateMatrices
}

/// Which matrix: that of the inputs or that of the states.
enum GateMatrix: Sendable {
  case inputs, states
}

/// What products a run takes. Valid during the run only.
protocol GateMatrices {
  /// y (rows, gates · hidden) = x (rows, depth) times some gates of a matrix; x is contiguous.
  func multiply(
    _ x: UnsafePointer<Float>, rows: Int, by matrix: GateMatrix, direction: Int, gates: Range<Int>,
    to y: UnsafeMutablePointer<Float>, _ executor: Executor)
}
