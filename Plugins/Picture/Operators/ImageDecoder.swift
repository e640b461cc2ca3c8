import PluginSupport
import ZooImage
import ZooPlugin

/// ONNX ImageDecoder: a picture from the bytes of its file, as rows, columns and colours; an empty one from bytes that are
/// no picture.
struct ImageDecoder: Operator {
  let signature = Signature("ImageDecoder", since: 20)

  private enum PixelFormat: String {
    case rgb = "RGB"
    case bgr = "BGR"
    case grayscale = "Grayscale"

    var channels: Int { self == .grayscale ? 1 : 3 }
  }

  private func pixelFormat(_ node: Node) throws -> PixelFormat {
    let name = try node.attributes.string("pixel_format") ?? "RGB"
    guard let format = PixelFormat(rawValue: name) else {
      throw OperatorError("pixel_format is \"\(name)\", not RGB, BGR or Grayscale")
    }
    return format
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let format = try pixelFormat(node)
    let stream = try node.input(0)
    guard stream.type == .uint8, stream.rank == 1 else {
      throw OperatorError("a file is uint8 of one dimension, not \(stream.type.name) of shape \(stream.shape)")
    }
    return ClosureKernel { call in
      let stream = call.input(0)
      let bytes = UnsafeBufferPointer(start: stream.pointer(as: UInt8.self), count: stream.count)
      guard let picture = try picture(in: bytes) else {
        _ = try call.allocateOutput(0, shape: [0, 0, format.channels])
        return
      }
      let target = try call.allocateOutput(0, shape: [picture.height, picture.width, format.channels])
      Self.write(picture, format, to: target.assumingMemoryBound(to: UInt8.self))
    }
  }

  private func picture(in bytes: UnsafeBufferPointer<UInt8>) throws -> Image? {
    do { return try decodedPicture(bytes) } catch { throw OperatorError("\(error)", kind: .unsupported) }
  }

  private static func write(_ picture: Image, _ format: PixelFormat, to target: UnsafeMutablePointer<UInt8>) {
    picture.pixels.withUnsafeBufferPointer { pixels in
      guard let source = pixels.baseAddress else { return }
      switch format {
      case .rgb: target.update(from: source, count: pixels.count)
      case .bgr:
        for pixel in stride(from: 0, to: pixels.count, by: 3) {
          (target[pixel], target[pixel + 1], target[pixel + 2]) = (
            source[pixel + 2], source[pixel + 1], source[pixel]
          )
        }
      case .grayscale:
        for pixel in 0..<pixels.count / 3 {
          // ITU-R BT.601's luma in 16 bits, as Pillow has it.
          let color = source + 3 * pixel
          let luma = 19595 * UInt32(color[0]) + 38470 * UInt32(color[1]) + 7471 * UInt32(color[2])
          target[pixel] = UInt8((luma + 0x8000) >> 16)
        }
      }
    }
  }
}
