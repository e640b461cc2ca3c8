import GraphWriter
import ZooCore

extension LiteConverter {
  static let matrices: [String: Rule] = [
    "MATRIX_DIAG": { try $0.matrixOfDiagonal() },
    "MATRIX_SET_DIAG": { try $0.setDiagonal() },
  ]

  /// The numbers up to an extent that is a list of one.
  private mutating func range(_ extent: String) throws -> String {
    step("Range", [try scalar(0, .int64), step("Reshape", [extent, try list([Int]())]), try scalar(1, .int64)])
  }

  private mutating func isDiagonal(rows: String, columns: String) throws -> String {
    step("Equal", [step("Unsqueeze", [try range(rows), try list([1])]), try range(columns)])
  }

  private mutating func matrixOfDiagonal() throws {
    let diagonal = try plain(input: 0)
    let extent = step("Shape", [diagonal], [.int("start", -1)])
    let row = step("Unsqueeze", [diagonal, try list([-1])])
    let zero = try zero(output().computedType)
    try finish(
      step("Where", [isDiagonal(rows: extent, columns: extent), row, zero]), isRounded: keepsQuantization())
  }

  private mutating func setDiagonal() throws {
    let (input, matrix) = (try needInput(0), try plain(input: 0))
    guard input.shape.count >= 2, input.openAxes.isDisjoint(with: [input.shape.count - 1, input.shape.count - 2])
    else { throw ZooError(.unsupported, "matrices of shape \(input.shape)") }
    let isTall = input.shape[input.shape.count - 2] > input.shape[input.shape.count - 1]
    let diagonal = step("Unsqueeze", [try plain(input: 1), try list([isTall ? -2 : -1])])
    let rows = step("Shape", [matrix], [.int("start", -2), .int("end", -1)])
    let columns = step("Shape", [matrix], [.int("start", -1)])
    try finish(
      step("Where", [isDiagonal(rows: rows, columns: columns), diagonal, matrix]),
      isRounded: keepsQuantization(0) && keepsQuantization(1))
  }
}
