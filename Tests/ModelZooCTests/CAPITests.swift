import CModelZoo
import Foundation
import LinkedPlugins
import ModelZoo
import TestSupport
import Testing

// The C functions, called through the header. Programs in C and Python are in Examples.
private func code(_ number: Int) -> mz_status { mz_status(number) }

private func error() -> String { String(cString: mz_error()) }

/// Opens a model, calls `body` and closes it.
private func withModel<Result>(
  _ definition: ModelDefinition, options: mz_options? = nil, _ body: (OpaquePointer) throws -> Result
) throws -> Result {
  try withFolder { folder in
    try definition.write(to: folder + "/model.zoo", format: .package)
    var model: OpaquePointer?
    var given = options ?? mz_options()
    given.size = MemoryLayout<mz_options>.size
    #expect(mz_open(folder + "/model.zoo", &given, &model) == code(MZ_OK), "\(error())")
    defer { mz_close(model) }
    return try body(#require(model))
  }
}

/// y = x + x, for x of N×2 numbers.
private func doubler() throws -> ModelDefinition {
  var definition = ModelDefinition()
  definition.operatorSets = [OperatorSet(version: 17)]
  definition.graph.inputs = [ValueInfo(name: "x", elementType: .float32, shape: ["N", 2])]
  definition.graph.outputs = [ValueInfo(name: "y", elementType: .float32, shape: ["N", 2])]
  definition.graph.nodes = [Node("Add", inputs: ["x", "x"], outputs: ["y"])]
  return definition
}

/// A tensor of float32 over `data`, with room for changes by tests.
private final class Given {
  let data: UnsafeMutablePointer<Float>
  let shape: UnsafeMutablePointer<Int64>
  let strides: UnsafeMutablePointer<Int64>
  var tensor: mz_tensor

  init(_ numbers: [Float], shape extents: [Int64], alignment: Int = 64) {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: 4 * numbers.count + 64, alignment: 4096)
    data = (memory + (alignment == 64 ? 0 : alignment)).bindMemory(to: Float.self, capacity: numbers.count)
    data.update(from: numbers, count: numbers.count)
    shape = .allocate(capacity: max(extents.count, 1))
    shape.update(from: extents, count: extents.count)
    strides = .allocate(capacity: max(extents.count, 1))
    tensor = mz_tensor(
      data: data, device: mz_device(type: Int32(MZ_CPU), id: 0), rank: Int32(extents.count),
      type: mz_type(code: UInt8(MZ_FLOAT), bits: 32, lanes: 1), shape: shape, strides: nil, byte_offset: 0)
  }
}

private func run(
  _ model: OpaquePointer, _ name: String, _ tensor: mz_tensor, call: OpaquePointer? = nil
) -> (status: mz_status, output: [Float]?) {
  withUnsafePointer(to: tensor) { pointer in
    name.withCString { name in
      var names: [UnsafePointer<CChar>?] = [name]
      var inputs: [UnsafePointer<mz_tensor>?] = [pointer]
      var outputs: [UnsafeMutablePointer<mz_managed_tensor>?] = [nil]
      let status = mz_run(model, &names, &inputs, 1, nil, &outputs, 1, call)
      guard let output = outputs[0] else { return (status, nil) }
      let count = (0..<Int(output.pointee.tensor.rank)).reduce(1) { $0 * Int(output.pointee.tensor.shape[$1]) }
      let numbers = Array(
        UnsafeBufferPointer(start: output.pointee.tensor.data.assumingMemoryBound(to: Float.self), count: count))
      output.pointee.deleter(output)
      return (status, numbers)
    }
  }
}

@Suite struct CAPITests {
  @Test func versionsAndStructs() {
    #expect(mz_abi_version() == MZ_ABI_VERSION)
    #expect(String(cString: mz_version()) == zooVersion)
    // DLPack's, on 64-bit machines.
    #expect(MemoryLayout<mz_tensor>.size == 48 && MemoryLayout<mz_managed_tensor>.size == 64)
    #expect(
      MemoryLayout<mz_tensor>.offset(of: \.shape) == 24 && MemoryLayout<mz_tensor>.offset(of: \.byte_offset) == 40)
  }

  @Test func tellsWhatTheModelIs() throws {
    try withModel(colourModel()) { model in
      #expect(String(cString: mz_task(model)) == "imageClassification" && String(cString: mz_name(model)) == "colours")
      #expect(mz_label_count(model) == 3 && mz_label(model, 3) == nil && mz_label(model, -1) == nil)
      #expect(mz_label(model, 2).map { String(cString: $0) } == "blue")
      #expect(mz_input_count(model) == 1 && mz_output_count(model) == 1)
      var value = mz_value()
      value.size = MemoryLayout<mz_value>.size
      #expect(mz_input(model, 0, &value) == code(MZ_OK))
      #expect(String(cString: value.name) == "photo" && value.rank == 4)
      #expect((0..<4).map { value.shape[$0] } == [-1, 3, 4, 4])
      #expect(value.symbols[0].map { String(cString: $0) } == "N" && value.symbols[1] == nil)
      #expect(value.type.code == UInt8(MZ_FLOAT) && value.type.bits == 32 && value.type.lanes == 1)
      #expect(mz_output(model, 0, &value) == code(MZ_OK) && String(cString: value.name) == "scores")
      #expect(mz_output(model, 1, &value) == code(MZ_USAGE) && mz_output(model, -1, &value) == code(MZ_USAGE))
      // Who knows fewer fields gets those.
      var older = mz_value()
      older.size = MemoryLayout<mz_value>.offset(of: \.type)!
      #expect(mz_input(model, 0, &older) == code(MZ_OK) && older.name != nil && older.shape == nil)
      older.size = 0
      #expect(mz_input(model, 0, &older) == code(MZ_USAGE))
    }
  }

  @Test func runsTensorsWithoutCopies() throws {
    try withModel(doubler()) { model in
      for alignment in [64, 4, 1] {
        let given = Given([1, 2, 3, -4], shape: [2, 2], alignment: alignment)
        let result = run(model, "x", given.tensor)
        #expect(result.status == code(MZ_OK) && result.output == [2, 4, 6, -8], "\(error())")
      }
      let given = Given([9, 9, 1, 2], shape: [1, 2])
      given.tensor.byte_offset = 8
      (given.strides[0], given.strides[1]) = (2, 1)
      given.tensor.strides = given.strides
      #expect(run(model, "x", given.tensor).output == [2, 4])
      // Extents of 1 need no stride, and no elements no data.
      given.strides[0] = 77
      #expect(run(model, "x", given.tensor).output == [2, 4])
      given.shape[0] = 0
      given.tensor.data = nil
      given.tensor.strides = nil
      #expect(run(model, "x", given.tensor).output == [])
    }
  }

  @Test func refusesTensorsThatMakeNoSense() throws {
    try withModel(doubler()) { model in
      func status(_ change: (Given) -> Void) -> mz_status {
        let given = Given([1, 2, 3, 4], shape: [2, 2])
        change(given)
        let result = run(model, "x", given.tensor)
        #expect(result.output == nil)
        return result.status
      }
      for (what, change) in [
        ("data", { $0.tensor.data = nil }), ("shape", { $0.tensor.shape = nil }),
        ("device", { $0.tensor.device.type = 2 }), ("type", { $0.tensor.type.code = 99 }),
        ("bits", { $0.tensor.type.bits = 31 }), ("lanes", { $0.tensor.type.lanes = 4 }),
        ("double", { $0.tensor.type.bits = 64 }), ("rank", { $0.tensor.rank = -1 }),
        ("high rank", { $0.tensor.rank = .max }), ("offset", { $0.tensor.byte_offset = .max }),
        (
          "columns",
          {
            ($0.strides[0], $0.strides[1]) = (1, 2)
            $0.tensor.strides = $0.strides
          }
        ),
      ] as [(String, (Given) -> Void)] {
        #expect(status(change) == code(MZ_BAD_INPUT), "\(what): \(error())")
      }
      for (what, change) in [
        ("scalar", { $0.tensor.rank = 0 }), ("vector", { $0.tensor.rank = 1 }), ("negative", { $0.shape[0] = -2 }),
        ("huge", { $0.shape[0] = .max }), ("three", { ($0.shape[0], $0.shape[1]) = (1, 3) }),
      ] as [(String, (Given) -> Void)] {
        #expect(status(change) == code(MZ_BAD_SHAPE), "\(what): \(error())")
      }
      let given = Given([1, 2], shape: [1, 2])
      #expect(run(model, "z", given.tensor).status == code(MZ_BAD_INPUT) && error().contains("\"z\""))
    }
  }

  @Test func refusesNULL() throws {
    var (model, json): (OpaquePointer?, UnsafeMutablePointer<CChar>?) = (nil, nil)
    #expect(mz_open(nil, nil, &model) == code(MZ_USAGE) && mz_open("x", nil, nil) == code(MZ_USAGE))
    #expect(mz_open_memory(nil, 3, nil, nil, &model) == code(MZ_USAGE))
    #expect(mz_open("/nowhere/at-all.zoo", nil, &model) == code(MZ_NOT_FOUND) && error().contains("at-all"))
    #expect(mz_open_memory("nothing", 7, "mine", nil, &model) == code(MZ_BAD_DATA) && error().hasPrefix("mine"))
    #expect(
      [UInt8]([0x2F, 0xFF, 0]).withUnsafeBytes {
        mz_open($0.baseAddress?.assumingMemoryBound(to: CChar.self), nil, &model)
      } == code(MZ_USAGE))
    #expect(model == nil)
    mz_close(nil)
    mz_free_string(nil)
    mz_call_free(nil)
    mz_call_cancel(nil)
    #expect(mz_task(nil) == nil && mz_name(nil) == nil && mz_input_count(nil) == 0 && mz_label(nil, 0) == nil)
    #expect(mz_warm_up(nil) == code(MZ_USAGE) && mz_run(nil, nil, nil, 0, nil, nil, 0, nil) == code(MZ_USAGE))
    #expect(mz_predict_image_file(nil, "x", nil, &json) == code(MZ_USAGE))
    #expect(mz_stream(nil, "a", nil, nil, { _, _, _ in true }, nil) == code(MZ_USAGE))
    try withModel(doubler()) { model in
      #expect(mz_input(model, 0, nil) == code(MZ_USAGE))
      #expect(mz_run(model, nil, nil, 1, nil, nil, 0, nil) == code(MZ_USAGE))
      #expect(mz_run(model, nil, nil, 0, nil, nil, 1, nil) == code(MZ_USAGE))
      #expect(mz_run(model, nil, nil, 0, nil, nil, 0, nil) == code(MZ_BAD_INPUT) && error().contains("missing"))
      var outputs = [UnsafeMutablePointer<mz_managed_tensor>?](repeating: nil, count: 2)
      #expect(mz_run(model, nil, nil, 0, nil, &outputs, 2, nil) == code(MZ_USAGE))
      #expect(mz_predict_image_file(model, nil, nil, &json) == code(MZ_USAGE))
      #expect(mz_predict_image_file(model, "x", nil, nil) == code(MZ_USAGE))
      #expect(mz_predict_image(model, nil, 0, nil, &json) == code(MZ_USAGE))
      #expect(mz_predict_pixels(model, nil, nil, &json) == code(MZ_USAGE))
      #expect(mz_predict_text(model, nil, nil, nil, &json) == code(MZ_USAGE))
      #expect(mz_stream(model, "a", nil, nil, nil, nil) == code(MZ_USAGE))
      #expect(json == nil)
    }
  }

  @Test func optionsCount() throws {
    var options = mz_options()
    options.memory_limit = 16
    let given = Given([Float](repeating: 1, count: 64), shape: [32, 2])
    try withModel(doubler(), options: options) { model in
      #expect(run(model, "x", given.tensor).status == code(MZ_OUT_OF_MEMORY))
    }
    var model: OpaquePointer?
    options.precision = 9
    options.size = MemoryLayout<mz_options>.size
    #expect(mz_open("x", &options, &model) == code(MZ_USAGE) && error().contains("precision"))
    options.size = 3
    #expect(mz_open("x", &options, &model) == code(MZ_USAGE) && error().contains("size"))
  }

  @Test func predictsAsJSON() throws {
    try withModel(colourModel()) { model in
      let photo = try picture()
      let expected = try Model(colourModel(), options: .init(plugins: .linked)).predict(.image(photo))
      func answer(_ predict: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> mz_status) throws -> Prediction {
        var json: UnsafeMutablePointer<CChar>?
        #expect(predict(&json) == code(MZ_OK), "\(error())")
        defer { mz_free_string(json) }
        return try JSONDecoder().decode(Prediction.self, from: Data(String(cString: #require(json)).utf8))
      }
      try withFolder { folder in
        try photo.writePNG(to: folder + "/photo.png")
        let bytes = try bytes(of: folder + "/photo.png")
        #expect(try answer { mz_predict_image_file(model, folder + "/photo.png", nil, $0) } == expected)
        #expect(try answer { mz_predict_image(model, bytes, bytes.count, nil, $0) } == expected)
      }
      try photo.pixels.withUnsafeBytes { pixels throws in
        var given = mz_pixels(
          size: MemoryLayout<mz_pixels>.size, data: pixels.baseAddress, count: pixels.count, width: photo.width,
          height: photo.height, row_stride: 0, format: Int32(MZ_RGB))
        #expect(try answer { mz_predict_pixels(model, &given, nil, $0) } == expected)
        var json: UnsafeMutablePointer<CChar>?
        given.count -= 1
        #expect(mz_predict_pixels(model, &given, nil, &json) == code(MZ_USAGE))
        given.count = -1
        #expect(mz_predict_pixels(model, &given, nil, &json) == code(MZ_USAGE))
        given.count = pixels.count
        given.format = 17
        #expect(mz_predict_pixels(model, &given, nil, &json) == code(MZ_USAGE))
        given.format = Int32(MZ_RGB)
        given.data = nil
        #expect(mz_predict_pixels(model, &given, nil, &json) == code(MZ_USAGE))
        #expect(mz_predict_text(model, "red", nil, nil, &json) == code(MZ_USAGE) && json == nil)
      }
    }
  }

  private func picture() throws -> Image {
    try Image(width: 5, height: 4, pixels: (0..<60).map { UInt8($0 * 4) })
  }

  @Test func callsEnd() throws {
    let given = Given([1, 2], shape: [1, 2])
    try withModel(doubler()) { model in
      let call = mz_call_new(0)
      defer { mz_call_free(call) }
      #expect(run(model, "x", given.tensor, call: call).output == [2, 4])
      mz_call_cancel(call)
      #expect(run(model, "x", given.tensor, call: call).status == code(MZ_CANCELLED))
      for seconds in [-1, .nan, .infinity, 1e300, 60] as [Double] {
        let call = mz_call_new(seconds)
        #expect(run(model, "x", given.tensor, call: call).status == code(MZ_OK))
        mz_call_free(call)
      }
      let late = mz_call_new(1e-9)
      #expect(run(model, "x", given.tensor, call: late).status == code(MZ_DEADLINE))
      mz_call_free(late)
    }
  }

  @Test func streamsText() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/../.."
    var model: OpaquePointer?
    #expect(mz_open(root + "/Zoo/Transformer/transformer-en-de.zoo", nil, &model) == code(MZ_OK), "\(error())")
    defer { mz_close(model) }
    final class Pieces {
      var texts: [String] = []
      var most = Int.max
    }
    func stream(_ options: UnsafePointer<mz_generation>?, most: Int = .max) -> [String] {
      let pieces = Pieces()
      pieces.most = most
      let status = mz_stream(
        model, "A dog is running through the snow.", options, nil,
        { context, piece, count in
          guard let context, let piece else { return false }
          let pieces = Unmanaged<Pieces>.fromOpaque(context).takeUnretainedValue()
          #expect(strlen(piece) == count)
          pieces.texts.append(String(cString: piece))
          return pieces.texts.count < pieces.most
        }, Unmanaged.passUnretained(pieces).toOpaque())
      #expect(status == code(MZ_OK), "\(error())")
      return pieces.texts
    }
    var greedy = mz_generation()
    (greedy.size, greedy.beams) = (MemoryLayout<mz_generation>.size, 1)
    let pieces = stream(&greedy)
    #expect(pieces.count > 3)
    #expect(stream(&greedy, most: 2) == Array(pieces.prefix(2)))
    var json: UnsafeMutablePointer<CChar>?
    #expect(mz_predict_text(model, "A dog is running through the snow.", &greedy, nil, &json) == code(MZ_OK))
    defer { mz_free_string(json) }
    #expect(json.map { String(cString: $0) } == "{\"text\":\"\(pieces.joined())\"}")
    greedy.top_p = 7
    #expect(mz_stream(model, "a", &greedy, nil, { _, _, _ in true }, nil) == code(MZ_USAGE))
  }

  @Test func errorsAreAThreadsOwn() {
    var model: OpaquePointer?
    #expect(mz_open("/nowhere/mine.zoo", nil, &model) == code(MZ_NOT_FOUND))
    let thread = Thread {
      #expect(error().isEmpty)
      var model: OpaquePointer?
      #expect(mz_open("/nowhere/another.zoo", nil, &model) == code(MZ_NOT_FOUND))
    }
    thread.start()
    while !thread.isFinished { usleep(1000) }
    #expect(error().contains("mine.zoo"))
  }
}
