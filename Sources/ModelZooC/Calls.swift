import CModelZoo
import ModelZoo
import ZooCore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

@_cdecl("mz_call_new")
public func newCall(_ seconds: Double) -> OpaquePointer? { CallHandle(seconds: seconds).retained }

@_cdecl("mz_call_cancel")
public func cancelCall(_ call: OpaquePointer?) { CallHandle.at(call)?.control.cancel() }

@_cdecl("mz_call_free")
public func freeCall(_ call: OpaquePointer?) { CallHandle.release(call) }

@_cdecl("mz_free_string")
public func freeString(_ string: UnsafeMutablePointer<CChar>?) { free(string) }

// MARK: Tensors

@_cdecl("mz_run")
public func run(
  _ model: OpaquePointer?, _ inputNames: UnsafePointer<UnsafePointer<CChar>?>?,
  _ inputs: UnsafePointer<UnsafePointer<mz_tensor>?>?, _ inputCount: Int,
  _ outputNames: UnsafePointer<UnsafePointer<CChar>?>?,
  _ outputs: UnsafeMutablePointer<UnsafeMutablePointer<mz_managed_tensor>?>?, _ outputCount: Int,
  _ call: OpaquePointer?
) -> mz_status {
  if outputCount > 0 { for index in 0..<outputCount { outputs?[index] = nil } }
  return status {
    let handle = try ModelHandle.needed(model)
    guard inputCount >= 0, inputCount == 0 || inputNames != nil && inputs != nil else { throw needed("the inputs") }
    guard outputCount >= 0, outputCount == 0 || outputs != nil else { throw needed("the place for outputs") }
    let wanted = try (0..<outputCount).map { try handle.place(ofOutput: $0, outputNames) }
    let values = try (0..<inputCount).map { index -> (name: String, value: Value) in
      let name = try String(c: inputNames?[index], "the name of input \(index)")
      guard let tensor = inputs?[index] else { throw needed("the input \"\(name)\"") }
      return (name, .tensor(try Tensor(borrowing: tensor.pointee, name)))
    }
    let results = try CallHandle.with(call) { try handle.model.run(exactly: values) }
    let tensors = try wanted.map { place -> (name: String, tensor: Tensor) in
      guard results.indices.contains(place), let tensor = results[place].value.tensor else {
        throw ZooError(.unsupported, "the output \"\(handle.outputs[place].name)\" is no tensor")
      }
      return (results[place].name, tensor)
    }
    var made: [UnsafeMutablePointer<mz_managed_tensor>] = []
    do {
      for (name, tensor) in tensors { made.append(try tensor.managed(name)) }
    } catch {
      for tensor in made { tensor.pointee.deleter(tensor) }
      throw error
    }
    for (index, tensor) in made.enumerated() { outputs?[index] = tensor }
  }
}

extension ModelHandle {
  /// Which of the model's outputs the caller's `index` is.
  fileprivate func place(ofOutput index: Int, _ names: UnsafePointer<UnsafePointer<CChar>?>?) throws -> Int {
    guard let names else {
      guard index < outputs.count else { throw ZooError(.usage, "the model has \(outputs.count) outputs") }
      return index
    }
    let name = try String(c: names[index], "the name of output \(index)")
    guard let place = outputs.firstIndex(where: { $0.name == name }) else {
      throw ZooError(
        .usage, "the model has no output \"\(name)\"",
        advice: "its outputs are \(outputs.map { "\"\($0.name)\"" }.joined(separator: ", "))")
    }
    return place
  }
}

// MARK: Predictions

@_cdecl("mz_predict_image_file")
public func predict(
  _ model: OpaquePointer?, imageFile path: UnsafePointer<CChar>?, _ call: OpaquePointer?,
  _ json: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> mz_status {
  predicted(model, call, json) { try $0.predict(.image(contentsOf: String(c: path, "the path"))) }
}

@_cdecl("mz_predict_image")
public func predict(
  _ model: OpaquePointer?, image bytes: UnsafeRawPointer?, _ count: Int, _ call: OpaquePointer?,
  _ json: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> mz_status {
  predicted(model, call, json) { model in
    guard let bytes, count >= 0 else { throw needed("the picture") }
    return try model.predict(.image(data: UnsafeRawBufferPointer(start: bytes, count: count)))
  }
}

@_cdecl("mz_predict_pixels")
public func predict(
  _ model: OpaquePointer?, pixels: UnsafePointer<mz_pixels>?, _ call: OpaquePointer?,
  _ json: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> mz_status {
  predicted(model, call, json) { model in
    guard let pixels else { throw needed("the picture") }
    let picture = try copied(pixels, pixels.pointee.size, usual: mz_pixels())
    guard let data = picture.data else { throw needed("the picture's data") }
    guard picture.count >= 0, picture.width >= 0, picture.height >= 0, picture.row_stride >= 0 else {
      throw ZooError(.usage, "the picture's numbers are larger than any memory")
    }
    return try model.predict(
      .pixels(
        UnsafeRawBufferPointer(start: data, count: picture.count), width: picture.width, height: picture.height,
        format: PixelFormat(number: picture.format), rowStride: picture.row_stride == 0 ? nil : picture.row_stride))
  }
}

extension PixelFormat {
  fileprivate init(number: Int32) throws {
    switch Int(number) {
    case MZ_RGB: self = .rgb
    case MZ_BGR: self = .bgr
    case MZ_RGBA: self = .rgba
    case MZ_BGRA: self = .bgra
    case MZ_ARGB: self = .argb
    case MZ_GRAY: self = .gray
    default: throw ZooError(.usage, "there is no format of pixels \(number)")
    }
  }
}

@_cdecl("mz_predict_text")
public func predict(
  _ model: OpaquePointer?, text: UnsafePointer<CChar>?, _ options: UnsafePointer<mz_generation>?,
  _ call: OpaquePointer?, _ json: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> mz_status {
  predicted(model, call, json) { model in
    let input = Input.text(try String(c: text, "the text"))
    guard let options else { return try model.predict(input) }
    let answers = try model.predict([input], generation: GenerationOptions(options))
    guard let answer = answers.first else { throw ZooError(.defect, "one text gave no answer") }
    return answer
  }
}

@_cdecl("mz_stream")
public func stream(
  _ model: OpaquePointer?, _ text: UnsafePointer<CChar>?, _ options: UnsafePointer<mz_generation>?,
  _ call: OpaquePointer?, _ piece: mz_piece?, _ context: UnsafeMutableRawPointer?
) -> mz_status {
  status {
    let handle = try ModelHandle.needed(model)
    guard let piece else { throw needed("the function for pieces") }
    let input = Input.text(try String(c: text, "the text"))
    let generation = try options.map { try GenerationOptions($0) } ?? GenerationOptions()
    try CallHandle.with(call) {
      _ = try handle.model.stream(input, generation: generation) { new in
        new.withCString { piece(context, $0, new.utf8.count) }
      }
    }
  }
}

extension GenerationOptions {
  fileprivate init(_ given: UnsafePointer<mz_generation>) throws {
    let options = try copied(given, given.pointee.size, usual: mz_generation())
    func number(_ value: UInt32) -> Int? { value == 0 ? nil : Int(value) }
    self.init(
      beams: number(options.beams), maximumTokens: number(options.maximum_tokens),
      temperature: options.temperature == 0 ? nil : options.temperature, topK: number(options.top_k),
      topP: options.top_p == 0 ? nil : options.top_p, seed: options.seed)
  }
}

/// Writes what `predict` gives as JSON.
private func predicted(
  _ model: OpaquePointer?, _ call: OpaquePointer?, _ json: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?,
  _ predict: (Model) throws -> Prediction
) -> mz_status {
  json?.pointee = nil
  return status {
    let handle = try ModelHandle.needed(model)
    guard let json else { throw needed("the place for the answer") }
    let answer = try CallHandle.with(call) { try predict(handle.model) }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let text = strdup(String(decoding: try encoder.encode(answer), as: UTF8.self)) else {
      throw ZooError(.outOfMemory, "no memory for the answer")
    }
    json.pointee = text
  }
}
