import ZooCompiler
import ZooCore

/// ai.onnx.ml CastMap: the values of a map by their keys, as a matrix of one row.
func castMap(_ node: CompilerNode) throws -> SequenceOperation {
  let type = node.text("cast_to") ?? "TO_FLOAT"
  let form = node.text("map_form") ?? "DENSE"
  let width: Int? = form == "SPARSE" ? node.int("max_map") ?? 1 : nil
  return SequenceOperation { inputs in
    guard case .map(let keys, let values) = try inputs.value(0) else {
      throw ZooError(.badData, "input 0 is not a map")
    }
    guard keys.type == .int64 else { throw ZooError(.badData, "the keys of the map are \(keys.type.name), not int64") }
    let places = try keys.elements(Int64.self)
    var row: [Int?] = places.indices.sorted { places[$0] < places[$1] }
    if let width {
      row = [Int?](repeating: nil, count: width)
      for (index, place) in places.enumerated() {
        guard place >= 0, place < width else {
          throw ZooError(.badData, "the map has the key \(place), but max_map is \(width)")
        }
        row[Int(place)] = index
      }
    }
    return [.tensor(try cast(values, at: row, to: type))]
  }
}

/// The elements of `values` at the places in `row`, one row of numbers or texts; nothing and 0 where there is none.
private func cast(_ values: Tensor, at row: [Int?], to type: String) throws -> Tensor {
  let shape = [1, row.count]
  if values.type == .string {
    let texts = values.strings ?? []
    let chosen = row.map { $0.map { texts[$0] } }
    switch type {
    case "TO_STRING": return try Tensor(strings: chosen.map { $0 ?? [] }, shape: shape)
    case "TO_FLOAT": return try Tensor(chosen.map { try number($0, Float.init) ?? 0 }, shape: shape)
    default: return try Tensor(chosen.map { try number($0) { Int64($0) } ?? 0 }, shape: shape)
    }
  }
  let numbers = try values.elements(Float.self)
  let chosen = row.map { $0.map { numbers[$0] } }
  switch type {
  case "TO_STRING": return try Tensor(strings: chosen.map { $0.map { Array("\($0)".utf8) } ?? [] }, shape: shape)
  case "TO_FLOAT": return try Tensor(chosen.map { $0 ?? 0 }, shape: shape)
  default: return try Tensor(chosen.map { Int64(exactly: ($0 ?? 0).rounded(.towardZero)) ?? .min }, shape: shape)
  }
}

private func number<Number>(_ text: [UInt8]?, _ read: (String) -> Number?) throws -> Number? {
  guard let text else { return nil }
  let string = String(decoding: text, as: UTF8.self)
  guard let number = read(string) else { throw ZooError(.badData, "the map holds the text \(string), not a number") }
  return number
}
