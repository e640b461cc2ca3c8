import Files
import ZooCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A folder in memory for readers that want a path.
enum Scratch {
  private static let folder: String = {
    let place = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
    let path = "\(place)/zoo-fuzz-\(getpid())"
    mkdir(path, 0o700)
    atexit { Scratch.remove() }
    return path
  }()
  private static let names = ["input", "a.safetensors", "a.caffemodel", "model.safetensors.index.json", "output"]

  private static func remove() {
    for name in names { unlink("\(folder)/\(name)") }
    rmdir(folder)
  }

  static func path(_ name: String) -> String {
    precondition(names.contains(name))
    return "\(folder)/\(name)"
  }

  /// Calls `body` with the path of a file that holds `bytes`.
  static func withFile(
    _ bytes: UnsafeRawBufferPointer, name: String = "input", _ body: (String) throws -> Void
  ) throws {
    let path = path(name)
    guard let file = fopen(path, "w") else { fatalError("\(path) can't be written") }
    precondition(fwrite(bytes.baseAddress, 1, bytes.count, file) == bytes.count || bytes.isEmpty)
    fclose(file)
    try body(path)
  }

  static func write(_ bytes: [UInt8], to path: String) throws {
    try bytes.withUnsafeBytes { try NewFile.write([$0], to: path) }
  }

  /// The bytes that `body` writes to the path that it is given.
  static func written(_ body: (String) throws -> Void) throws -> [UInt8] {
    let path = path("output")
    try body(path)
    return try MappedFile.reading(path) { Array($0.bytes) }
  }
}

/// Reads every element; touches each byte.
func readElements(_ tensors: [NamedTensor]) throws {
  var total = 0
  for item in tensors where item.tensor.type != .string {
    // A small file may honestly repeat a number often.
    guard item.tensor.byteCount < 1 << 26 else { continue }
    try item.tensor.readPieces { total &+= $0.reduce(0) { $0 &+ Int($1) } }
  }
  withExtendedLifetime(total) {}
}

/// Tensors of all kinds, small.
func sampleTensors(types: (ElementType) -> Bool = { _ in true }) throws -> [NamedTensor] {
  var tensors: [NamedTensor] = []
  for type in ElementType.allCases where type != .string && types(type) {
    let tensor = try Tensor(type: type, shape: [2, 4]) { bytes in
      for index in bytes.indices { bytes[index] = type == .bool ? UInt8(index % 2) : UInt8(index * 7 % 120) }
    }
    tensors.append(NamedTensor(name: "t.\(type.name)", tensor: StoredTensor(tensor)))
  }
  tensors.append(NamedTensor(name: "scalar", tensor: StoredTensor(try Tensor([1.5 as Float], shape: []))))
  tensors.append(NamedTensor(name: "empty", tensor: StoredTensor(try Tensor([] as [Float], shape: [0, 3]))))
  let long = (0..<300).map { Float($0 % 10) }
  tensors.append(NamedTensor(name: "long", tensor: StoredTensor(try Tensor(long, shape: [3, 100]))))
  return tensors
}
