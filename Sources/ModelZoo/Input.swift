#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif

/// What a model is asked about.
public struct Input: Sendable {
  enum Content: Sendable {
    case imageFile(String)
    case imageBytes([UInt8], name: String)
    case image(Image)
    case text(String, prompt: String?)
    case tensors([String: Tensor])
  }

  let content: Content

  /// The photograph in a JPEG, PNG, WebP, GIF, BMP or TIFF file. It is read when the model predicts.
  public static func image(contentsOf path: String) -> Input { Input(content: .imageFile(path)) }

  /// The photograph in a JPEG, PNG, WebP, GIF, BMP or TIFF file.
  public static func image(contentsOf url: URL) -> Input { .image(contentsOf: url.path) }

  /// The photograph in `data`, the contents of a JPEG, PNG, WebP, GIF, BMP or TIFF file; `name` is what errors call it.
  public static func image(data: Data, name: String = "image") -> Input {
    Input(content: .imageBytes(Array(data), name: name))
  }

  /// A picture in memory.
  public static func image(_ image: Image) -> Input { Input(content: .image(image)) }

  /// A text, for text models.
  ///
  /// - Parameter prompt: The name of what the model puts before the text (`EmbeddingSettings.prompts`), such as `query`;
  ///   `nil` for the model's default, if it has one.
  public static func text(_ text: String, prompt: String? = nil) -> Input {
    Input(content: .text(text, prompt: prompt))
  }

  /// The network's own inputs by name, already prepared.
  public static func tensors(_ tensors: [String: Tensor]) -> Input { Input(content: .tensors(tensors)) }

  /// The picture of an image input; `nil` for any other.
  func picture() throws -> Image? {
    switch content {
    case .imageFile(let path): try Image(contentsOf: path)
    case .imageBytes(let bytes, let name): try Image(decoding: bytes, name: name)
    case .image(let image): image
    case .text, .tensors: nil
    }
  }
}
