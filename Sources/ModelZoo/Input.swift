import ZooSystem

#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif

/// What a model is asked about.
public struct Input: Sendable {
  enum Content: Sendable {
    case imageFile(String)
    case imageURL(URL)
    case imageBytes([UInt8], name: String)
    case image(Image)
    case text(String, prompt: String?)
    case pair(String, String)
    case messages([ChatMessage])
    case tensors([String: Tensor])
  }

  let content: Content

  /// The photograph in a JPEG, PNG, WebP, GIF, BMP or TIFF file. It is read when the model predicts.
  public static func image(contentsOf path: String) -> Input { Input(content: .imageFile(path)) }

  /// The photograph in a JPEG, PNG, WebP, GIF, BMP or TIFF file. It is read when the model predicts, which then also
  /// refuses an address that is no file's (`usage`).
  public static func image(contentsOf url: URL) -> Input { Input(content: .imageURL(url)) }

  /// The photograph in `data`, the contents of a JPEG, PNG, WebP, GIF, BMP or TIFF file; `name` is what errors call it.
  public static func image(data: some ContiguousBytes, name: String = "image") -> Input {
    Input(content: .imageBytes(data.withUnsafeBytes { Array($0) }, name: name))
  }

  /// A picture of `height` rows of `width` pixels from the top, as cameras, screens and decoders give it. It is copied.
  ///
  /// - Parameters:
  ///   - data: All rows. The last may end with its last pixel.
  ///   - width: Pixels of a row.
  ///   - height: Rows.
  ///   - format: What the bytes of a pixel are; alpha is left out, not composed.
  ///   - rowStride: Bytes from the beginning of a row to that of the next; `nil` where rows follow each other.
  /// - Throws: `ZooError` (`usage`) for numbers that don't fit together, and for more or fewer bytes than they say.
  public static func pixels(
    _ data: some ContiguousBytes, width: Int, height: Int, format: PixelFormat = .rgb, rowStride: Int? = nil
  ) throws(ZooError) -> Input {
    let image = data.withUnsafeBytes { bytes in
      Result { () throws(ZooError) in
        try Image(width: width, height: height, format: format, rowStride: rowStride, bytes: bytes)
      }
    }
    return .image(try image.get())
  }

  /// A picture in memory.
  public static func image(_ image: Image) -> Input { Input(content: .image(image)) }

  /// A text, for text models.
  ///
  /// - Parameters:
  ///   - text: The text itself.
  ///   - prompt: The name of what the model puts before the text (`EmbeddingSettings.prompts`), such as `query`; `nil` for
  ///     the model's default, if it has one.
  public static func text(_ text: String, prompt: String? = nil) -> Input {
    Input(content: .text(text, prompt: prompt))
  }

  /// Two texts that a model takes together: a query and what may answer it, for one that ranks; a premise and a hypothesis.
  public static func text(_ text: String, pair second: String) -> Input { Input(content: .pair(text, second)) }

  /// A conversation that is the model's turn to go on with, for models that generate text and have a chat template
  /// (`ModelMetadata.chat`). Special tokens that messages spell out stay text.
  public static func messages(_ messages: [ChatMessage]) -> Input { Input(content: .messages(messages)) }

  /// The network's own inputs by name, already prepared.
  public static func tensors(_ tensors: [String: Tensor]) -> Input { Input(content: .tensors(tensors)) }

  /// The picture of an image input; `nil` for any other.
  func picture() throws -> Image? {
    // Decoding many takes as long as running a network.
    try RunControl.check()
    return switch content {
    case .imageFile(let path): try Image(contentsOf: path)
    case .imageURL(let url): try Image(contentsOf: url.filePath)
    case .imageBytes(let bytes, let name): try Image(decoding: bytes, name: name)
    case .image(let image): image
    case .text, .pair, .messages, .tensors: nil
    }
  }
}
