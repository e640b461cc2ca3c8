import Tokenizers
import ZooCore

extension FuzzTarget {
  /// What can be read encodes and decodes, too: a few texts, and the one behind a zero byte.
  static let tokenizer = FuzzTarget(
    name: "tokenizer",
    seeds: {
      [
        ###"{"normalizer":{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true},"pre_tokenizer":{"type":"BertPreTokenizer"},"post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"[CLS]","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],"pair":[],"special_tokens":{"[CLS]":{"id":"[CLS]","ids":[1],"tokens":["[CLS]"]}}},"decoder":{"type":"WordPiece","prefix":"##","cleanup":true},"added_tokens":[{"id":1,"content":"[CLS]","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}],"model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":100,"vocab":{"[UNK]":0,"[CLS]":1,"hello":2,"w":3,"##o":4,"##r":5}}}"###,
        ###"{"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true},"decoder":{"type":"ByteLevel"},"model":{"type":"BPE","dropout":null,"unk_token":null,"byte_fallback":false,"vocab":{"H":0,"e":1,"l":2,"o":3,"He":4,"ll":5,"Hell":6},"merges":["H e",["l","l"],"He ll"]}}"###,
        ###"{"normalizer":{"type":"Sequence","normalizers":[{"type":"NFKC"},{"type":"Replace","pattern":{"Regex":" +"},"content":" "}]},"pre_tokenizer":{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true},"decoder":{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true},"model":{"type":"Unigram","unk_id":0,"vocab":[["<unk>",0.0],["▁",-1.5],["H",-2.0],["ello",-3.0]]}}"###,
        ###"{"pre_tokenizer":{"type":"Split","pattern":{"String":" "},"behavior":"Removed","invert":false},"truncation":{"max_length":4,"strategy":"LongestFirst","stride":0,"direction":"Right"},"padding":{"strategy":{"Fixed":5},"direction":"Right","pad_id":0,"pad_type_id":0,"pad_token":"[PAD]"},"model":{"type":"WordLevel","unk_token":"?","vocab":{"?":0,"Hello,":1}}}"###,
      ].map { Array($0.utf8) }
    }
  ) { bytes in
    let end = bytes.firstIndex(of: 0) ?? bytes.endIndex
    guard let json = String(validating: bytes[..<end], as: UTF8.self) else { return }
    let tokenizer = try Tokenizer(json: json)
    let own = String(decoding: bytes[min(end + 1, bytes.endIndex)...], as: UTF8.self)
    for text in ["", "Hello, wörld! 123 don't", "\u{1F600} e\u{301}\u{0}\t 你好", own] {
      let ids = try tokenizer.encode(text)
      _ = try tokenizer.decode(ids)
      _ = try tokenizer.decode(ids, skippingSpecialTokens: false)
    }
  }
}
