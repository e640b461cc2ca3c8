import ZooCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A reader and what it is given. Anything but an answer or a `ZooError` is a finding.
struct FuzzTarget: Sendable {
  let name: String
  /// Small good inputs, which libFuzzer begins with.
  var seeds: @Sendable () throws -> [[UInt8]] = { [] }
  let run: @Sendable (UnsafeRawBufferPointer) throws -> Void

  /// Every reader. A new one is a target in a file of its own, and a name here.
  static let all: [FuzzTarget] = [
    .caffe, .chatTemplate, .decoder, .gguf, .ggufTokenizer, .graph, .json, .keras, .numbers, .numpy, .numpyArchive,
    .onnx, .onnxTensor, .package,
    .picture,
    .pytorch, .safetensors, .schema, .shardIndex, .svm, .tflite, .tokenizer, .zip,
  ]
}

/// The target that `FUZZ_TARGET` names.
private let chosen: FuzzTarget = {
  let name = getenv("FUZZ_TARGET").map { String(cString: $0) } ?? ""
  guard let target = FuzzTarget.all.first(where: { $0.name == name }) else {
    fatalError("FUZZ_TARGET names one of: \(FuzzTarget.all.map(\.name).joined(separator: " "))")
  }
  return target
}()

/// With `FUZZ_SEEDS`, which names a folder, writes the seeds of all targets there, each to a folder of its own, and ends
/// the program.
@_cdecl("zoo_fuzz_start")
public func startFuzzing() {
  guard let folder = getenv("FUZZ_SEEDS").map({ String(cString: $0) }) else {
    _ = chosen
    return
  }
  do {
    for target in FuzzTarget.all {
      mkdir("\(folder)/\(target.name)", 0o777)
      for (index, seed) in try target.seeds().enumerated() {
        try Scratch.write(seed, to: "\(folder)/\(target.name)/seed-\(index)")
      }
      print(target.name)
    }
  } catch { fatalError("\(error)") }
  exit(0)
}

@_cdecl("zoo_fuzz")
public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) {
  do { try chosen.run(UnsafeRawBufferPointer(start: data, count: size)) } catch is ZooError {
    // What bad input should end in.
  } catch { fatalError("not a ZooError: \(error)") }
}
