import CaffeFormat
import JSON
import NumPyFormat
import SVMModelFormat
import SafetensorsFormat
import ZooCore

extension FuzzTarget {
  /// Numbers where formats write them as text: `#` of a form that is chosen becomes one with which arithmetic goes wrong,
  /// or what the bytes say.
  static let numbers = FuzzTarget(
    name: "numbers",
    seeds: { NumberForm.all.indices.map { [UInt8($0)] } }
  ) { bytes in
    var choices = Choices(bytes)
    let form = choices.one(of: NumberForm.all)
    var text: [UInt8] = []
    for byte in form.text.utf8 {
      if byte == UInt8(ascii: "#") { text += number(&choices) } else { text.append(byte) }
    }
    try text.withUnsafeBytes { try form.read($0) }
  }

  private static func number(_ choices: inout Choices) -> [UInt8] {
    switch choices.number(below: 8) {
    case 0: return Array(String(choices.number(below: 8)).utf8)
    case 1: return choices.text(12)
    default:
      return Array(
        choices.one(of: [
          "1", "-1", "0", "-0", "+3", "007", "9223372036854775807", "-9223372036854775808", "9223372036854775808",
          "-9223372036854775809", "18446744073709551615", "18446744073709551616",
          "340282366920938463463374607431768211456",
          "2147483647", "-2147483648", "4294967296", "1e308", "1e309", "-1e999", "1e-400", "nan", "-nan", "inf",
          "-infinity", "0x7fffffffffffffff", "0x1p1023", "1e", "1.", ".5", "-", "+", "", "1e+99999999999999999999",
          "4611686018427387904",
          "1.7976931348623157e308", "99999999999999999999999999", "1_000", "٣", "1f", "1L", "true",
        ]).utf8)
    }
  }
}

/// A text with numbers in it, and what reads it.
private struct NumberForm: Sendable {
  let text: String
  let read: @Sendable (UnsafeRawBufferPointer) throws -> Void

  static let all: [NumberForm] = [
    NumberForm(
      "solver_type MCSVM_CS\nnr_class #\nlabel # # #\nnr_feature #\nbias #\nw\n# # # \n# # # \n# # # \n", readSVM),
    NumberForm("solver_type L2R_L2LOSS_SVR\nnr_class #\nnr_feature #\nbias #\nw\n# \n# \n# \n", readSVM),
    NumberForm(
      """
      svm_type c_svc
      kernel_type polynomial
      degree #
      gamma #
      coef0 #
      nr_class #
      total_sv #
      rho #
      label # #
      probA #
      probB #
      nr_sv # #
      SV
      # #:# #:# 
      # #:# #:# 

      """, readSVM),
    NumberForm(
      """
      name: "n" input: "data" input_shape { dim: # dim: # dim: # dim: # }
      layer { name: "c" type: "Convolution" bottom: "data" top: "c"
        convolution_param { num_output: # kernel_size: # stride: # pad: # dilation: # group: # axis: # } }
      layer { name: "p" type: "Pooling" bottom: "c" top: "p" pooling_param { pool: MAX kernel_size: # stride: # pad: # } }
      layer { name: "r" type: "LRN" bottom: "p" top: "r" lrn_param { local_size: # alpha: # beta: # k: # } }
      """, readCaffe),
    NumberForm(
      """
      input: "data" input_dim: # input_dim: # input_dim: # input_dim: #
      layer { name: "s" type: "Slice" bottom: "data" top: "a" top: "b" slice_param { axis: # slice_point: # } }
      layer { name: "f" type: "Flatten" bottom: "a" top: "f" flatten_param { axis: # end_axis: # } }
      layer { name: "h" type: "Reshape" bottom: "b" top: "h" reshape_param { shape { dim: # dim: # } axis: # num_axes: # } }
      layer { name: "m" type: "Permute" bottom: "data" top: "m" permute_param { order: # order: # order: # order: # } }
      layer { name: "i" type: "InnerProduct" bottom: "f" top: "i" inner_product_param { num_output: # axis: # } }
      """, readCaffe),
    NumberForm("{\"a\":#,\"b\":[#,#,-#],\"c\":{\"#\":#}}") { _ = try JSON($0) },
    NumberForm("{'descr': '<f#', 'fortran_order': False, 'shape': (#, #,), }\n", readArray),
    NumberForm("{'descr': '|S#', 'fortran_order': #, 'shape': (#,), }\n", readArray),
    NumberForm(
      "{\"w\":{\"dtype\":\"F32\",\"shape\":[#,#],\"data_offsets\":[#,#]},\"v\":{\"dtype\":\"I8\",\"shape\":[#],\"data_offsets\":[#,#]}}"
    ) {
      text in
      var bytes = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) }
      bytes += text
      bytes += [UInt8](repeating: 1, count: 64)
      try bytes.withUnsafeBytes { bytes in
        try Scratch.withFile(bytes, name: "a.safetensors") { try readElements(SafetensorsFormat.read($0).tensors) }
      }
    },
  ]

  private init(_ text: String, _ read: @escaping @Sendable (UnsafeRawBufferPointer) throws -> Void) {
    self.text = text
    self.read = read
  }

  private static let readSVM: @Sendable (UnsafeRawBufferPointer) throws -> Void = { bytes in
    try Scratch.withFile(bytes) { path in
      do { try readElements(SVMModelFormat.read(path).tensors) } catch is ZooError {}
      _ = try SVMModelFormat.readModel(path)
    }
  }

  private static let readCaffe: @Sendable (UnsafeRawBufferPointer) throws -> Void = { bytes in
    try Scratch.withFile(bytes) { path in
      try Scratch.withFile(UnsafeRawBufferPointer(start: nil, count: 0), name: "a.caffemodel") { weights in
        try readElements(CaffeFormat.read(prototxt: path, weights: weights).graph.initializers)
      }
    }
  }

  private static let readArray: @Sendable (UnsafeRawBufferPointer) throws -> Void = { text in
    var bytes: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(text.count & 255), UInt8(text.count >> 8 & 255)]
    bytes += text
    bytes += [UInt8](repeating: 1, count: 64)
    try bytes.withUnsafeBytes { bytes in
      try Scratch.withFile(bytes) { try readElements(NumPyFormat.read($0).tensors) }
    }
  }
}
