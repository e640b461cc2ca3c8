import NumPyFormat
import ZooCore
import ZooImage
import TensorFiles

/// Images and labels in NumPy's `.npz` form: a zip archive of `.npy` files.
struct ArraySource: SampleSource {
  private let path: String
  private let images: Tensor
  private let labels: [Int]
  /// Where channels are in a picture of bytes; `nil` when the samples are tensors.
  private let layout: Layout?

  private enum Layout {
    case planes(height: Int, width: Int)
    case interleaved(height: Int, width: Int)
  }

  var count: Int { labels.count }

  init(_ path: String, classes: ClassNames) throws {
    self.path = path
    var names: [String] = []
    let archive = try NumPyFormat.read(path) { name in
      names.append(name)
      return ["images", "labels"].contains(name)
    }
    images = try Self.array("images", in: archive, names)
    labels = try Self.integers(Self.array("labels", in: archive, names))
    guard let count = images.shape.first, count == labels.count else {
      throw ZooError(.badData, "images has the shape \(images.shape), labels \(labels.count) elements")
    }
    for label in Set(labels) { try classes.check(label) }
    layout = try Self.layout(images)
  }

  func forEach(every step: Int, _ body: (LabelledDataset.Sample) throws -> Void) throws {
    let shape = Array(images.shape.dropFirst())
    let size = labels.isEmpty ? 0 : images.byteCount / labels.count
    for index in stride(from: 0, to: labels.count, by: step) {
      let content = try images.withUnsafeBytes { bytes in
        let sample = UnsafeRawBufferPointer(rebasing: bytes[index * size..<(index + 1) * size])
        switch layout {
        case .interleaved(let height, let width):
          return LabelledDataset.Sample.Content.image(try Image(width: width, height: height, pixels: Array(sample)))
        case .planes(let height, let width):
          return .image(try Image(width: width, height: height, pixels: Self.interleaved(sample)))
        case nil:
          return .tensor(try Tensor(type: images.type, shape: shape) { $0.copyMemory(from: sample) })
        }
      }
      try body(.init(name: "\(path): images[\(index)]", label: labels[index], content: content))
    }
  }

  private static func array(_ name: String, in archive: TensorFile, _ names: [String]) throws -> Tensor {
    guard let array = archive.tensors.first(where: { $0.name == name }) else {
      let found = names.map { $0 + ".npy" }.sorted().prefix(5).joined(separator: ", ")
      throw ZooError(
        .badData, "the archive holds no \(name).npy" + (found.isEmpty ? "" : ", but \(found)"),
        advice: "save it by numpy.savez(path, images=…, labels=…)")
    }
    do { return try array.tensor.load() } catch { throw error.located("\(name).npy") }
  }

  private static func layout(_ images: Tensor) throws -> Layout? {
    guard images.type == .uint8 else {
      guard images.type.bitWidth % 8 == 0, images.type != .string else {
        throw ZooError(.badData, "images holds \(images.type.name), no numbers")
      }
      return nil
    }
    let shape = images.shape
    guard shape.count == 4, !shape.dropFirst().contains(0), shape[1] == 3 || shape[3] == 3 else {
      throw ZooError(.badData, "images has the shape \(shape), neither N×3×H×W nor N×H×W×3")
    }
    return shape[1] == 3 ? .planes(height: shape[2], width: shape[3]) : .interleaved(height: shape[1], width: shape[2])
  }

  private static func interleaved(_ planes: UnsafeRawBufferPointer) -> [UInt8] {
    let area = planes.count / 3
    return [UInt8](unsafeUninitializedCapacity: planes.count) { pixels, initialized in
      for pixel in 0..<area {
        for channel in 0..<3 { pixels[3 * pixel + channel] = planes[channel * area + pixel] }
      }
      initialized = 3 * area
    }
  }

  /// The labels as integers, whatever their type; N×1 is as good as N.
  private static func integers(_ labels: Tensor) throws -> [Int] {
    guard labels.shape.count == 1 || labels.shape.count == 2 && labels.shape[1] == 1 else {
      throw ZooError(.badData, "labels has the shape \(labels.shape), not N")
    }
    func convert<Element: FixedWidthInteger & TensorElement>(_: Element.Type) throws -> [Int] {
      try labels.elements(Element.self).map { value in
        guard let label = Int(exactly: value) else { throw ZooError(.badData, "the dataset has the label \(value)") }
        return label
      }
    }
    switch labels.type {
    case .int8: return try convert(Int8.self)
    case .int16: return try convert(Int16.self)
    case .int32: return try convert(Int32.self)
    case .int64: return try convert(Int64.self)
    case .uint8: return try convert(UInt8.self)
    case .uint16: return try convert(UInt16.self)
    case .uint32: return try convert(UInt32.self)
    case .uint64: return try convert(UInt64.self)
    default: throw ZooError(.badData, "labels holds \(labels.type.name), not integers")
    }
  }
}
