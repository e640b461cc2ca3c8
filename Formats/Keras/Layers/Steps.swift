import ZooCore

extension KerasLayers {
  static let steps: [String: Writer] = ["TimeDistributed": { try $0.timeDistributed($1) }]
}

extension KerasBuilder {
  /// A layer for each step: batch and steps are one axis while it computes.
  fileprivate mutating func timeDistributed(_ call: KerasLayerCall) throws -> KerasValue {
    let input = try plain(call.input)
    guard let layer = call.layer.inner, input.rank >= 3, call.values.count == 1 else {
      throw ZooError(.unsupported, "a layer for each step takes one value of three axes or more")
    }
    let rest = try input.shape[2...].map { try call.known($0, "an extent of a step") }
    let (batch, steps) = (input.shape[0], input.shape[1])
    let joined = node(
      "Reshape", "\(call.name)/joined", [input.name, try constant("\(call.name)/joined_shape", [-1] + rest)],
      shape: [nil] + rest)
    let outputs = try self.call(
      layer, KerasArguments(operands: [.value(joined)], flags: call.arguments.flags), path: call.path + [layer],
      models: call.models + call.models.suffix(1))
    guard outputs.count == 1 else { throw ZooError(.unsupported, "the layer gives \(outputs.count) values a step") }
    let output = plain(outputs[0])
    func extents(_ value: KerasValue, _ range: Range<Int>, _ what: String) throws -> String {
      node(
        "Shape", "\(call.name)/\(what)", [value.name],
        [Attribute("start", .int(Int64(range.lowerBound))), Attribute("end", .int(Int64(range.upperBound)))],
        shape: [range.count]
      ).name
    }
    let shape = node(
      "Concat", "\(call.name)/shape",
      [try extents(input, 0..<2, "steps"), try extents(output, 1..<output.rank, "step")],
      [Attribute("axis", .int(0))], shape: [output.rank + 1])
    return node("Reshape", call.name, [output.name, shape.name], shape: [batch, steps] + output.shape.dropFirst())
  }
}
