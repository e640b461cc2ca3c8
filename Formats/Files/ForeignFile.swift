import ZooCore

/// A file of a kind that nothing here reads, but that people give to programs like this one.
package struct ForeignFile {
  /// With its article: `a web page`.
  package let title: String
  /// What to do to get at what was meant.
  package let advice: String
  /// Whether it is a text that stands for a file which is elsewhere.
  package let isPointer: Bool

  /// As many bytes as it takes to tell.
  package static let beginningLength = 512

  /// What the file is that begins with these bytes, `beginningLength` or as many as it has; `nil` for anything else.
  package init?(_ beginning: UnsafeRawBufferPointer) {
    for kind in Self.binary where Self.holds(beginning, kind.magic, at: kind.offset) {
      (title, advice, isPointer) = (kind.title, kind.advice, false)
      return
    }
    let text = Self.beginningOfText(beginning)
    guard let kind = Self.texts.first(where: { kind in kind.beginnings.contains { text.hasPrefix($0) } }) else {
      return nil
    }
    (title, advice, isPointer) = (kind.title, kind.advice, kind.isPointer)
  }

  package func error(at path: String) -> ZooError {
    ZooError(.badData, "this is \(title)", at: path, advice: advice)
  }

  private struct Binary {
    var magic: [UInt8]
    var offset = 0
    var title: String
    var advice: String

    init(_ magic: [UInt8], at offset: Int = 0, _ title: String, _ advice: String) {
      (self.magic, self.offset, self.title, self.advice) = (magic, offset, title, advice)
    }

    init(_ magic: String, at offset: Int = 0, _ title: String, _ advice: String) {
      self.init(Array(magic.utf8), at: offset, title, advice)
    }
  }

  private struct Text {
    var beginnings: [String]
    var title: String
    var advice: String
    var isPointer = false
  }

  private static func unpacking(with command: String) -> String { "unpack it first: \(command)" }

  private static let exporting =
    "save the model in a format made for exchange, such as ONNX, or its weights as safetensors"

  private static let binary: [Binary] = [
    Binary([0x1F, 0x8B], "a gzip file", unpacking(with: "gunzip, or tar xzf for a .tar.gz")),
    Binary("BZh", "a bzip2 file", unpacking(with: "bunzip2, or tar xjf for a .tar.bz2")),
    Binary([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0], "an xz file", unpacking(with: "unxz, or tar xJf for a .tar.xz")),
    Binary([0x28, 0xB5, 0x2F, 0xFD], "a Zstandard file", unpacking(with: "unzstd")),
    Binary([0x04, 0x22, 0x4D, 0x18], "an LZ4 file", unpacking(with: "unlz4")),
    Binary([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], "a 7-Zip archive", unpacking(with: "7z x")),
    Binary("Rar!\u{1A}\u{07}", "a RAR archive", unpacking(with: "unrar x")),
    Binary("ustar", at: 257, "a tar archive", unpacking(with: "tar xf")),
    Binary("PK\u{03}\u{04}", "a zip archive", unpacking(with: "unzip")),
    Binary("PK\u{05}\u{06}", "an empty zip archive", "get the file again"),
    Binary([0x80, 0x02], "a Python pickle", exporting), Binary([0x80, 0x03], "a Python pickle", exporting),
    Binary([0x80, 0x04], "a Python pickle", exporting), Binary([0x80, 0x05], "a Python pickle", exporting),
    Binary([0x7F] + Array("ELF".utf8), "a program or a library", "a plugin is given with --plugin"),
    Binary("tjgg", "a GGML file, older than GGUF", "convert it to GGUF with llama.cpp"),
    Binary("lmgg", "a GGML file, older than GGUF", "convert it to GGUF with llama.cpp"),
    Binary("fmgg", "a GGML file, older than GGUF", "convert it to GGUF with llama.cpp"),
    Binary("MATLAB 5.0", "a MATLAB file", "save the arrays as NumPy's .npz: scipy.io.loadmat, numpy.savez"),
    Binary("PAR1", "a Parquet file", "save the arrays as NumPy's .npz"),
    Binary("SQLite format 3\0", "an SQLite database", "a file of another kind is needed here"),
    Binary("%PDF-", "a PDF document", "a file of another kind is needed here"),
    Binary([0x89] + Array("PNG\r\n".utf8), "a picture (PNG)", "a file of another kind is needed here"),
    Binary([0xFF, 0xD8, 0xFF], "a picture (JPEG)", "a file of another kind is needed here"),
    Binary("GIF8", "a picture (GIF)", "a file of another kind is needed here"),
    Binary("II*\0", "a picture (TIFF)", "a file of another kind is needed here"),
    Binary("MM\0*", "a picture (TIFF)", "a file of another kind is needed here"),
    Binary("WEBP", at: 8, "a picture (WebP)", "a file of another kind is needed here"),
  ]

  private static let texts: [Text] = [
    Text(
      beginnings: ["version https://git-lfs.github.com/spec/", "version https://hawser.github.com/spec/"],
      title: "a pointer of Git LFS in place of the file", advice: "get the file itself: git lfs pull", isPointer: true),
    Text(
      beginnings: ["/annex/objects/", "../.git/annex/", ".git/annex/"],
      title: "a pointer of git-annex in place of the file", advice: "get the file itself: git annex get",
      isPointer: true),
    Text(
      beginnings: ["<!doctype html", "<html", "<head", "<body", "<!-- ", "<script"],
      title: "a web page in place of the file",
      advice: "download the file itself: the address of its contents, not that of the page about it"),
    Text(
      beginnings: ["<?xml", "<error", "<pmml", "<net"], title: "an XML document",
      advice: "where it was downloaded, see what it says: servers send such in place of a file"),
  ]

  private static func holds(_ bytes: UnsafeRawBufferPointer, _ magic: [UInt8], at offset: Int) -> Bool {
    bytes.count >= offset + magic.count && bytes[offset..<offset + magic.count].elementsEqual(magic)
  }

  /// In lower case, without a byte-order mark and the white space before it.
  private static func beginningOfText(_ bytes: UnsafeRawBufferPointer) -> String {
    let start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    let text = bytes.dropFirst(start).drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
    return String(decoding: text.prefix(64), as: UTF8.self).lowercased()
  }
}
