import ArgumentParser
import ModelZoo

/// How much memory a model may take when it runs.
struct MemoryOption: ParsableArguments {
  @Option(
    name: .customLong("memory-limit"),
    help: ArgumentHelp(
      "Refuse to run what takes more memory than this, such as 500M or 2G, 1 byte to 4194303T; what the machine has if not given.",
      valueName: "SIZE"))
  var limit: Size?

  struct Size: ExpressibleByArgument {
    let byteCount: Int

    /// A number, and K, M, G or T, which may end in iB or B.
    init?(argument: String) {
      var text = Substring(argument.uppercased())
      for end in ["IB", "B"] where text.hasSuffix(end) {
        text = text.dropLast(end.count)
        break
      }
      var scale = 1.0
      if let unit = text.last, let power = ["K", "M", "G", "T"].firstIndex(of: String(unit)) {
        text = text.dropLast()
        for _ in 0...power { scale *= 1024 }
      }
      guard let number = Double(text), number > 0, number * scale >= 1, number * scale < 0x1p62 else { return nil }
      byteCount = Int(number * scale)
    }
  }
}
