import ZooCore

extension KerasLayers {
  static let dense: [String: Writer] = ["Dense": { try $0.dense($1) }]
}

extension KerasBuilder {
  /// Products of the last axis with a matrix.
  fileprivate mutating func dense(_ call: KerasLayerCall) throws -> KerasValue {
    let settings = call.settings
    let input = try plain(call.input)
    let features = try call.known(input.shape.last ?? nil, "the number of features")
    let units = try settings.count("units")
    let hasBias = try settings.bool("use_bias", or: true)
    let variables = try call.variables([[features, units]] + (hasBias ? [[units]] : []))
    let kernel = constant("\(call.name)/kernel", variables[0])
    let bias = hasBias ? constant("\(call.name)/bias", variables[1]) : nil
    let shape = Array(input.shape.dropLast()) + [units]
    if input.rank == 2 {
      return try activation(
        call, node("Gemm", call.name, [input.name, kernel] + (bias.map { [$0] } ?? []), shape: shape))
    }
    var output = node("MatMul", bias == nil ? call.name : "\(call.name)/product", [input.name, kernel], shape: shape)
    if let bias { output = node("Add", call.name, [output.name, bias], like: output) }
    return try activation(call, output)
  }
}
