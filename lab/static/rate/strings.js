// The sentences of the page Rate, in English and in Japanese.

export const strings = {
  en: {
    "page.rate": "Rate",
    "rate.answered": "{count} answered",
    "rate.stage": "Which of the two reviews is better? Keys 1 and 2, or 0 for the same",
    "rate.bar": "How many pairs are answered",
    "rate.pair": "{item}: which review is better? Pair {number} of {of}",
    "rate.pair.more": "{item}: which review is better? Pair {number}",
    "rate.said": "Pair {number}, {item}. 1: {left} 2: {right}",
    "rate.same": "The same", "rate.back": "Take back",
    "rate.rest": "Let the rest be answered", "rate.more": "Let ten more be answered",
    "rate.rater": "Who answers the rest",
    "rate.rater.taste": "by the course’s rater",
    "rate.rater.coin": "by a coin",
    "rate.rater.longer": "for the longer one",
    "rate.guess.right": "Predicted: the reward gave your answer a chance of {chance}.",
    "rate.guess.wrong": "A surprise: the reward gave your answer a chance of only {chance}.",
    "rate.guess.same": "“The same” counts as half an answer for each.",
    "rate.hint": "Two reviews by a small language model. Say which one you like better, by whatever taste you have, "
      + "but keep to it; {wanted} answers are enough to see something. Every answer teaches the reward at once.",
    "rate.hint.done": "Now try the blind test. You may also go on: more answers make the reward surer.",
    "rate.hint.test": "One of the two was chosen by the reward, the other was not; you are not told which. These "
      + "answers teach it nothing.",
    "rate.wait": "The language model is writing…",
    "rate.full": "{most} answers are as many as there is room for.",
    "rate.samples": "What is written, before and after",
    "rate.n": "The best of",
    "rate.fresh": "Write new ones",
    "rate.item": "About", "rate.before": "Before", "rate.chosen": "The best of {n} by your reward",
    "rate.means": "Over 1,024 reviews the best of {n} have a mean reward of {reward}; all have 0.00, with a "
      + "deviation of 1. That it rises is no merit: by it they were chosen. By the course’s own taste the mean goes "
      + "from {before} to {after}, which says something only if that is your taste. What counts is the blind test.",
    "rate.means.none": "The reward knows nothing yet, and so chooses nothing.",
    "rate.words": "What each word does to the reward",
    "rate.reads": "It reads",
    "rate.reads.words": "the words", "rate.reads.features": "the network’s features",
    "rate.words.note": "The mean reward of the reviews that have the word, minus that of those that have not, in "
      + "deviations; over 1,024 reviews as the model writes them. Words that are in fewer than 1% of them, or in "
      + "more than 99%, are left out.",
    "rate.words.none": "Here the words appear as soon as you have answered once.",
    "rate.known": "How well it knows you",
    "rate.predicted.none": "Answer first.",
    "rate.predicted.wait": "Computing…",
    "rate.predicted.few": "With fewer than {least} decided answers nothing can be said.",
    "rate.predicted.yes": "For each answer the reward is learnt anew from all the others, and has to predict it: "
      + "right in {right} of {of}. A coin would be in {half} ± {spread}, so there is something in it.",
    "rate.predicted.no": "For each answer the reward is learnt anew from all the others, and has to predict it: "
      + "right in {right} of {of}. A coin would be in {half} ± {spread}, so it may as well have learnt nothing, "
      + "however sure the list of words looks. More answers tell: of 20 raters with the course’s taste, who are "
      + "wrong at times, 5 pass with 40 answers, all with 160.",
    "rate.test": "Blind test", "rate.test.leave": "Leave the test", "rate.test.on": "Go on rating",
    "rate.test.pair": "Blind test, {item}: which review is better? Pair {number} of {of}",
    "rate.test.result": "You preferred the review that the reward had chosen in {won} of {of} pairs (“the same” "
      + "counts half). Without a reward it would be 5, and by luck alone 2 to 8.",
    "rate.test.note": "Ten new pairs: a review as the model writes it, and the best of n by your reward, in random "
      + "order.",
    "rate.yours": "Your ratings",
    "rate.who": "{own} by you, {others} by others: left {left}, right {right}, the same {same}.",
    "rate.who.none": "Ratings can be saved as JSON, and read again here or by AP/rating.py.",
    "rate.save": "Save", "rate.load": "Load…", "rate.forget": "Forget all", "rate.undo": "Bring back",
    "rate.seed": "Seed of the pairs",
    "rate.file.read": "{count} ratings were read from {name}.",
    "rate.file.read.en": "{count} ratings of English reviews were read from {name}; choose English above to go on "
      + "with them.",
    "rate.file.read.ja": "{count} ratings of Japanese reviews were read from {name}; choose 日本語 above to go on with "
      + "them.",
    "rate.file.large": "{name} is larger than 1 MB, and so is no file of ratings.",
    "rate.file.format": "{name} holds no ratings in the format nanoka-ratings-1.",
    "rate.file.many": "{name} must hold 1 to {most} ratings.",
    "rate.file.rating": "Rating {number} of {name} must have two reviews, first and second, and the choice first, "
      + "second or same.",
    "rate.about": "What is going on",
    "rate.about.learn": "The reward r of a review is a weighted sum of what is read of it: the share of each word, "
      + "or the features of the language model, whose own weights never change. After each answer the weights are "
      + "learnt anew, so that your answers become likely: P(left) = σ(r(left) − r(right)), with a penalty on large "
      + "weights (ridge). Then r is divided by its deviation.",
    "rate.about.best": "The language model stays as it is: it writes n reviews of each item, and the reward chooses "
      + "one. That is as far from what it writes by itself as log n − (n − 1) / n nats of KL: 3.2 for 64. RLHF "
      + "(AP/rlhf.py) changes the model instead, by PPO.",
    "rate.try": "What to look for",
    "rate.try.coin": "Forget all, and let a coin answer. The words get weights as large as ever, and the chosen "
      + "reviews a high reward: neither tells you that there was no taste. How many answers are predicted does, "
      + "mostly, and so does the blind test.",
    "rate.try.longer": "Let the longer review be preferred. The reward learns just that, “and” and “but” rise, and "
      + "by the course’s taste the chosen reviews get worse: a reward is what was rewarded, not what was meant.",
    "rate.try.features": "Let the course’s rater answer forty pairs, by words and then by features. In the mean of "
      + "20 raters the reward decides 0.595 of new comparisons rightly by words, 0.555 by features, where who knows "
      + "the taste is right in 0.85; by features the chosen reviews are even worse than before (−0.53 instead of "
      + "−0.30). The network has learnt what comes next, not what is good. With 640 answers it is 0.70 and 0.68.",
    "help.rate": "Rate: you are the rater of RLHF. You say which of two reviews is better, and a reward model with "
      + "one weight for each feature learns from every answer. It runs without TensorFlow.",
    "help.rate.choose": "the left review is better, or the right one",
    "help.rate.same": "both are the same to you",
    "help.rate.back": "take back the last answer",
    "help.rate.fresh": "let the model write new samples",
    "help.rate.test": "begin the blind test",
  },

  ja: {
    "page.rate": "評価",
    "rate.answered": "{count} 件回答",
    "rate.stage": "どちらのレビューが良いですか。1 か 2 のキー、同じくらいなら 0 のキーで答えます",
    "rate.bar": "回答したペアの数",
    "rate.pair": "{item}: 良いのはどちらですか（{of} 組中 {number} 組目）",
    "rate.pair.more": "{item}: 良いのはどちらですか（{number} 組目）",
    "rate.said": "{number} 組目、{item}。1: {left} 2: {right}",
    "rate.same": "同じくらい", "rate.back": "取り消す",
    "rate.rest": "残りの回答を任せる", "rate.more": "あと 10 組を任せる",
    "rate.rater": "残りの回答を任せる相手",
    "rate.rater.taste": "コースの評価者", "rate.rater.coin": "コイン投げ", "rate.rater.longer": "長いほうを好む評価者",
    "rate.guess.right": "予想どおり: 報酬モデルは、この回答の確率を {chance} と見ていました。",
    "rate.guess.wrong": "予想外: 報酬モデルは、この回答の確率を {chance} としか見ていませんでした。",
    "rate.guess.same": "「同じくらい」は、両方に半分ずつの回答として数えます。",
    "rate.hint": "小さな言語モデルが書いた 2 つのレビューです。好きなほうを選んでください。基準は自由ですが、途中で変えないでください。"
      + "{wanted} 組ほど答えると、好みが見えてきます。報酬モデルは、1 回答えるたびに学習します。",
    "rate.hint.done": "ブラインドテストを試してみましょう。このまま回答を続けて、報酬モデルをさらに確かなものにすることもできます。",
    "rate.hint.test": "どちらか一方は報酬モデルが選んだレビューですが、どちらなのかは表示しません。ここでの回答は学習に使いません。",
    "rate.wait": "言語モデルが書いています…",
    "rate.full": "回答は {most} 件までです。",
    "rate.samples": "生成されるレビュー（学習前と学習後）",
    "rate.n": "候補の数",
    "rate.fresh": "新しく書かせる",
    "rate.item": "対象", "rate.before": "学習前", "rate.chosen": "報酬モデルが {n} 個から選んだもの",
    "rate.means": "1,024 個のレビューで測ると、{n} 個から選んだものの平均報酬は {reward} です（全体では平均 0.00、標準偏差 1）。"
      + "その報酬で選んだのですから、上がるのは当然です。コースの評価者の好みで測ると、平均は {before} から {after} になります。"
      + "ただし、これに意味があるのは、あなたの好みがコースの評価者と同じ場合だけです。決め手になるのはブラインドテストです。",
    "rate.means.none": "報酬モデルはまだ何も知らないので、選ぶことができません。",
    "rate.words": "各単語が報酬に与える影響",
    "rate.reads": "入力",
    "rate.reads.words": "単語", "rate.reads.features": "ネットワークの特徴量",
    "rate.words.note": "その単語を含むレビューの平均報酬から、含まないレビューの平均報酬を引いた値です（単位は標準偏差）。モデルがそのまま書いた "
      + "1,024 個のレビューで計算しています。含むレビューが 1% 未満、または 99% を超える単語は省いています。",
    "rate.words.none": "1 回答えると、ここに単語が表示されます。",
    "rate.known": "あなたの好みをどれだけ学んだか",
    "rate.predicted.none": "まず回答してください。",
    "rate.predicted.wait": "計算しています…",
    "rate.predicted.few": "どちらかを選んだ回答が {least} 件に満たないうちは、何も言えません。",
    "rate.predicted.yes": "回答を 1 件ずつ除き、残りだけから学習し直して、除いた回答を予想させると、{of} 件中 {right} 件が当たりました。"
      + "コイン投げなら {half} ± {spread} 件なので、何かを学んだと言えます。",
    "rate.predicted.no": "回答を 1 件ずつ除き、残りだけから学習し直して、除いた回答を予想させると、{of} 件中 {right} 件が当たりました。コイン投げでも "
      + "{half} ± {spread} 件は当たるので、単語の一覧がどれほど確かに見えても、何も学んでいないかもしれません。回答を増やすとわかります。"
      + "コースの評価者（ときどき間違えます）20 人のうち、40 件で区別できるのは 6 人、160 件なら 19 人です。",
    "rate.test": "ブラインドテスト", "rate.test.leave": "テストをやめる", "rate.test.on": "評価に戻る",
    "rate.test.pair": "ブラインドテスト、{item}: 良いのはどちらですか（{of} 組中 {number} 組目）",
    "rate.test.result": "{of} 組のうち {won} 組で、報酬モデルが選んだレビューを好みました（「同じくらい」は半分と数えます）。"
      + "報酬モデルがなければ平均 5 組で、偶然だけでも 2〜8 組になります。",
    "rate.test.note": "新しい 10 組で試します。モデルがそのまま書いたレビューと、報酬モデルが n 個から選んだレビューが、ランダムな順に並びます。",
    "rate.yours": "あなたの評価",
    "rate.who": "あなた {own} 件、そのほか {others} 件（左 {left}、右 {right}、同じくらい {same}）",
    "rate.who.none": "評価は JSON で保存でき、ここや AP/rating.py で読み込めます。",
    "rate.save": "保存", "rate.load": "読み込む…", "rate.forget": "すべて消す", "rate.undo": "元に戻す",
    "rate.seed": "ペアのシード",
    "rate.file.read": "{name} から {count} 件の評価を読み込みました。",
    "rate.file.read.en": "{name} から、英語のレビューの評価を {count} 件読み込みました。続けるには、上の English を選んでください。",
    "rate.file.read.ja": "{name} から、日本語のレビューの評価を {count} 件読み込みました。続けるには、上の日本語を選んでください。",
    "rate.file.large": "{name} は 1 MB を超えているので、評価のファイルではありません。",
    "rate.file.format": "{name} に、nanoka-ratings-1 形式の評価がありません。",
    "rate.file.many": "{name} の評価は 1〜{most} 件でなければなりません。",
    "rate.file.rating": "{name} の評価 {number} には、2 つのレビュー（first と second）と、first・second・same のどれかの choice が必要です。",
    "rate.about": "何が起きているか",
    "rate.about.learn": "レビューの報酬 r は、レビューから読み取った数値の重み付き和です。読み取るのは、各単語の割合か、言語モデルの特徴量です"
      + "（言語モデルの重みは変わりません）。1 回答えるたびに、あなたの回答の確率が高くなるように重みを学習し直します。"
      + "P(左) = σ(r(左) − r(右)) で、大きな重みには罰則があります（リッジ）。最後に r を標準偏差で割ります。",
    "rate.about.best": "言語モデルそのものは変わりません。対象ごとに n 個のレビューを書き、報酬モデルがその中から 1 つを選びます。元の言語モデルとの "
      + "KL は log n − (n − 1) / n で、n = 64 なら 3.2 nat です。RLHF（AP/rlhf.py）では、PPO で言語モデルのほうを変えます。",
    "rate.try": "見どころ",
    "rate.try.coin": "すべて消して、コイン投げに任せてみてください。それでも単語の重みは大きく、選ばれたレビューの報酬も高くなります。どちらを見ても、"
      + "好みがなかったことはわかりません。それがたいていわかるのは、予想できた回答の数と、ブラインドテストからです。",
    "rate.try.longer": "長いほうを好む評価者に任せてみてください。報酬モデルはまさにそれを学び、「で、」と「ですが、」の値が上がります。選ばれたレビューは、"
      + "コースの評価者の好みで測ると、かえって悪くなります。報酬モデルが学ぶのは、意図したことではなく、実際に評価されたことです。",
    "rate.try.features": "コースの評価者に 40 組を任せて、入力が単語の場合と特徴量の場合を比べてください。新しい比較に正しく答える割合は、"
      + "評価者 20 人の平均で、単語なら 0.604、特徴量なら 0.571 です（好みを知っていれば 0.85）。選ばれたレビューをコースの評価者の好みで測った"
      + "平均は、学習前の −0.27 から、単語なら 1.02 に上がりますが、特徴量では −0.07 までです。ネットワークが学んだのは次に来る単語であって、"
      + "良し悪しではありません。640 組答えると、正しく答える割合は 0.68 と 0.70 になります。",
    "help.rate": "評価: あなたが RLHF の評価者です。2 つのレビューのどちらが良いかを答えると、特徴量ごとに重みを 1 つ持つ報酬モデルが、"
      + "回答のたびに学習します。TensorFlow は使いません。",
    "help.rate.choose": "左、または右のレビューのほうが良い",
    "help.rate.same": "どちらも同じくらい",
    "help.rate.back": "直前の回答を取り消す",
    "help.rate.fresh": "新しいサンプルを書かせる",
    "help.rate.test": "ブラインドテストを始める",
  },
};
