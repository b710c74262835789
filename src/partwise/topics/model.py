"""TopicModel: texts in, topics and a place for every document out."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin

from partwise.atomic import rebuilt
from partwise.blocks.fitting import within
from partwise.estimators.nmf import NMF
from partwise.matrix import Array
from partwise.topics import editing, listing, reporting, search, streaming, views
from partwise.topics.asking import AnsweringModel, asked, fact, known, method
from partwise.topics.choice import number_of_topics
from partwise.topics.fitted import FittedTopics
from partwise.topics.places import mean_shares
from partwise.topics.reading import read_documents
from partwise.topics.seeding import seed_rows
from partwise.topics.settings import check_parameters

__all__ = ["TopicModel"]


class TopicModel(ClassNamePrefixFeaturesOutMixin, TransformerMixin, AnsweringModel):
    r"""Topics of a collection of texts, by non-negative matrix factorization.

    The document-by-word matrix is factorized as :math:`X \approx \Theta C`, both non-negative: a row of :math:`C` is a
    topic, a row of :math:`\Theta` places a document among the topics. The same seed gives the same topics, and every
    document that has words is placed.

    Parameters
    ----------
    n_topics : int, 'auto' or 'choose', default=10
        Number of topics, at most the number of documents and of words. 'auto' and 'choose' take the number from 2 to 20
        at which fits to two halves of the documents agree most on the strongest topic of each document
        (`partwise.topics.choice`). This costs some fifty fits to at most 10,000 documents. ``rank_reason_`` gives the
        reason.
    loss : {'frobenius', 'kullback-leibler', 'choose'}, default='frobenius'
        What is minimised: squared errors of TF-IDF, or the divergence of damped counts (``1 + log count``), as in
        probabilistic topic models. 'choose' takes the loss whose topics the two halves of a held-out document's words
        agree on (`partwise.topics.loss_choice.choose_loss`); ``loss_reason_`` gives the reason. 'choose' uses squared
        errors for a matrix, and for texts with a vectorizer of your own.
    language : str, default='auto'
        Language whose stop words are left out: an ISO 639-1 code such as 'en' or 'de', 'none', or 'auto', which
        detects it (`partwise.topics.languages.detect`). Chinese, Japanese and Thai need a package to find their words:
        partwise[zh], partwise[ja], partwise[th].
    bigrams : bool, default=False
        Whether pairs of neighbouring words count as words too.
    seed_words : list of lists of str, default=None
        Words that the first topics start from, one list for each topic; the fit can move away from them. Topic 0 is the
        one of the first list, and so on.
    balanced : bool, default=True
        Whether some documents weigh less in a fit to squared errors: those that are like many others, so that small
        subjects get topics too, and those of few words, which say less (`partwise.topics.weights.document_weights`).
    vectorizer : scikit-learn vectorizer, default=None
        Makes the document-by-word matrix. By default sublinear TF-IDF (damped counts for 'kullback-leibler') of words
        of any script in lower case, without stop words; from 50 documents on also without words in more than a fifth
        of them, from 200 on without words in a single one, and from 2,000 on without words in one or two.
    stop_words : list of str, default=None
        Words to leave out beside those of the language.
    keep_boilerplate : bool, default=False
        Whether to count boilerplate: lines that documents of all subjects share, such as signatures, mail headers and
        disclaimers. By default they are left out (`partwise.topics.boilerplate.find_boilerplate`), also in later
        documents. A vectorizer of your own reads whole texts.
    min_df, max_df : int or float, default=None
        Fewest and most documents that contain a word, instead of the limits above: an integer is a number of documents,
        a float a share of them.
    random_state : int, default=0
        Seed of the factorization.
    max_iter : int, default=200
        Largest number of iterations of the factorization.
    stability_runs : int, default=4
        Number of fits from other random starts, which show how stable each topic is; 0 for none.
    forget_factor : float, default=0.9
        What `partial_fit` multiplies the weight of all earlier batches by, from 0 (forget at once) to 1 (never).
    keep_texts : bool, default=True
        Whether the model and its file keep the texts, to show passages of them.
    n_jobs : int, default=None
        Threads; None leaves it to `partwise.NMF`. The result has the same bits at any number.
    max_memory : int or str, default=None
        Memory limit of the matrix of words and its factorization, such as '2GiB'. The matrix is written to temporary
        files a piece at a time. If it needs more memory, it is read from there a block of rows at a time. The files are
        deleted with ``X_``. Topics are the same except for rounding. None: all in memory.
    embeddings : array of shape (n_documents, d) or callable, default=None
        Embeddings of the texts by any language model, one row per document in the order of the texts; or a function
        that makes them from a list of texts. A document then counts the words of its nearest documents beside its own
        (`partwise.topics.embedding`). A document with a row of zeros has no neighbours. Files of models keep the rows,
        but not a function.

    Attributes
    ----------
    components_ : ndarray of shape (n_topics\_, n_words)
        Weights of the words in each topic, rows of unit length (of unit sum for 'kullback-leibler'); topics are sorted
        by share, largest first, after those with seed words. They can be changed, also in place: all other results then
        follow the change.
    document_topics_ : ndarray of shape (n_documents, n_topics\_)
        What `fit_transform` returned: the place of each fitted document. Documents are placed again if ``components_``
        was changed.
    n_topics_ : int
        Topics found.
    shares_ : ndarray of shape (n_topics\_,)
        Mean share of each topic over the documents that have words; sums to 1.
    labels_ : list of str
        The three heaviest and most exclusive words of each topic, or the label that `set_labels` set.
    npmi_ : ndarray of shape (n_topics\_,)
        Coherence of each topic's ten most relevant words in the collection, from -1 to 1.
    diversity_ : float
        Share of different words among these words of all topics.
    stability_ : ndarray of shape (n_topics\_,)
        Mean cosine of each topic with its match in fits from other random starts, in [0, 1]; computed at first use.
    words_ : ndarray of str, shape (n_words,)
        Word of each column of ``components_``.
    ids_ : list of str
        Id of each fitted document.
    texts_ : list of str or None
        The documents; None if they were not kept.
    dates_ : list of str or None
        Date of each document as YYYY-MM-DD, or as much of it as is known; None if it was fitted without dates.
    metadata_ : dict of str to list of str
        Other facts about each document, by name, such as 'title', 'url' and 'section'.
    periods_ : list of str or None
        Period of each fitted document (see `Topic.peak`); None if it was fitted without dates.
    language_ : str
        Language whose stop words were left out.
    boilerplate_ : Boilerplate or None
        What was left out as boilerplate: ``lines`` and ``words``; None if there is none.
    rank_reason_ : str
        With n_topics='auto' or 'choose': why this number was chosen.
    loss_, loss_reason_ : str
        With loss='choose' and texts: the chosen loss, and why.
    events_ : list of TopicEvent
        What `partial_fit` reported: topics that were born, died or returned.
    vectorizer_ : scikit-learn vectorizer or None
        The fitted vectorizer; None if the model was fitted to a matrix.
    X_ : csr array of shape (n_documents, n_words)
        The document-by-word matrix.
    n_iter_ : int
        Iterations of the factorization.
    converged_ : bool
        Whether it converged.
    relative_error_ : float
        Its error relative to the data, see `partwise.Factorization`, with the weights of documents in the fit.
    curve_ : structured ndarray
        Its course, see `partwise.Factorization`.

    Examples
    --------
    >>> from partwise.topics import TopicModel
    >>> texts = ["rates and inflation", "the bank cuts rates", "a cup final", "the cup goes to the home team"]
    >>> model = TopicModel(n_topics=2).fit(texts, ids=["a", "b", "c", "d"])
    >>> sorted(model.top_words(topic, 1, relevance=1)[0][0] for topic in range(2))
    ['cup', 'rates']
    >>> model.similar("a", n=1)["id"].tolist()
    ['b']
    """

    def __init__(
        self,
        n_topics: Any = 10,
        *,
        loss: Any = "frobenius",
        language: str = "auto",
        bigrams: bool = False,
        seed_words: Any = None,
        balanced: bool = True,
        vectorizer: Any = None,
        stop_words: Sequence[str] | None = None,
        keep_boilerplate: bool = False,
        min_df: int | float | None = None,
        max_df: int | float | None = None,
        random_state: Any = 0,
        max_iter: int = 200,
        stability_runs: int = 4,
        forget_factor: float = 0.9,
        keep_texts: bool = True,
        n_jobs: int | None = None,
        max_memory: int | str | None = None,
        embeddings: Any = None,
    ) -> None:
        self.n_topics = n_topics
        self.loss = loss
        self.language = language
        self.bigrams = bigrams
        self.seed_words = seed_words
        self.balanced = balanced
        self.vectorizer = vectorizer
        self.stop_words = stop_words
        self.keep_boilerplate = keep_boilerplate
        self.min_df = min_df
        self.max_df = max_df
        self.random_state = random_state
        self.max_iter = max_iter
        self.stability_runs = stability_runs
        self.forget_factor = forget_factor
        self.keep_texts = keep_texts
        self.n_jobs = n_jobs
        self.max_memory = max_memory
        self.embeddings = embeddings

    document_topics_ = fact("places", "Places of the fitted documents, (n_documents, n_topics).")
    shares_ = fact("shares", "Mean share of each topic over the documents that have words, (n_topics,).")
    labels_ = fact("labels", "Words of each topic, or the label that was set.")
    npmi_ = fact("npmi", "Coherence of each topic's most relevant words, (n_topics,).")
    diversity_ = fact("diversity", "Share of these words that differ between topics.")
    stability_ = fact("stability", "Mean cosine of each topic with its like in other fits, (n_topics,).")
    words_ = known("words", "Word of each column.")
    ids_ = known("ids", "Id of each document.")
    texts_ = known("texts", "The documents, None if they were not kept.")
    dates_ = known("dates", "Date of each document, None without dates.")
    periods_ = known("periods", "Period of each document, None without dates.")
    metadata_ = known("metadata", "What else is known of each document, by name.")
    vectorizer_ = known("vectorizer", "The fitted vectorizer, None for a model of a matrix.")
    language_ = known("language", "Whose stop words were left out.")
    X_ = known("X", "The document-by-word matrix.")

    records = asked(listing.records)
    table = asked(listing.table)
    top_words = asked(listing.top_words)
    set_labels = method(listing.set_labels)
    typical = asked(listing.typical)
    documents = asked(listing.documents)
    document_table = asked(listing.document_table)
    document_columns = asked(listing.document_columns)
    find = asked(search.find)
    find_columns = asked(search.find_columns)
    neighbours = asked(search.neighbours)
    similar = asked(search.similar)
    over_time = asked(views.over_time)
    over_time_columns = asked(views.over_time_columns)
    per_class = asked(views.per_class)
    hierarchy = asked(views.hierarchy)
    diff = method(views.diff)
    merge = method(editing.merge)
    split = method(editing.split)
    partial_fit = method(streaming.partial_fit)
    report = method(reporting.report)

    def set_callbacks(self, *callbacks: Any) -> Self:
        """Hand callbacks to the factorization; needs scikit-learn 1.9.

        Parameters
        ----------
        *callbacks : callback instances
            Objects that follow scikit-learn's callback protocol, such as ``sklearn.callback.ProgressBar()``.

        Returns
        -------
        TopicModel
            The model itself.
        """
        self._callbacks = callbacks
        return self

    def fit(
        self,
        texts: Any,
        ids: Sequence[Any] | None = None,
        dates: Sequence[Any] | None = None,
        *,
        words: Sequence[str] | None = None,
        metadata: Mapping[str, Sequence[Any]] | None = None,
    ) -> Self:
        """Find the topics of a collection.

        Parameters
        ----------
        texts, ids, dates, words, metadata : see `fit_transform`
            Passed to it.

        Returns
        -------
        TopicModel
            The fitted model.
        """
        self.fit_transform(texts, ids, dates, words=words, metadata=metadata)
        return self

    def fit_transform(
        self,
        texts: Any,
        ids: Sequence[Any] | None = None,
        dates: Sequence[Any] | None = None,
        *,
        words: Sequence[str] | None = None,
        metadata: Mapping[str, Sequence[Any]] | None = None,
    ) -> Array:
        """Find the topics of a collection and place its documents among them.

        A call that fails leaves the model as it was.

        Parameters
        ----------
        texts : sequence of str, iterator of str, or matrix of shape (n_documents, n_words)
            The documents, or a matrix of their words, counted or weighted. An empty document is kept and placed
            nowhere. An iterator is read once. With ``keep_texts`` the model keeps its texts in memory. Otherwise they
            go to a temporary file without a name, and only their words are in memory.
        ids : sequence, default=None
            One id per document, all different; by default their numbers from ``'0'``.
        dates : sequence, default=None
            One date per document: ``YYYY``, ``YYYY-MM``, an ISO 8601 date, or a date object; ``""`` or None if unknown.
        words : sequence of str, default=None
            With a matrix: the word of each column; by default the column's number.
        metadata : mapping of str to sequence, default=None
            Other facts about each document, such as its 'title', 'url' and 'section'. The model keeps them as text, and
            shows them in tables and in the report.

        Returns
        -------
        ndarray of shape (n_documents, n_topics\\_)
            Weight of each topic in each document, non-negative; a row of zeros for a document without words.

        Raises
        ------
        DataError
            If there are no texts or no words in them, ids repeat, a date is not understood, or no text has a seed word.
        ParameterError
            If a parameter has an invalid value, or the fit needs more than max_memory.
        MissingExtraError
            If the texts are in a language that needs a package which is not installed.
        """
        with rebuilt(self) as made:
            made._find(texts, ids, dates, words, metadata)
        return self._topics.places.copy()

    def _find(self, texts: Any, ids: Any, dates: Any, words: Any, metadata: Any) -> None:
        check_parameters(self)
        self._forget_fit()
        for name in ("loss_", "loss_reason_"):
            self.__dict__.pop(name, None)
        documents, settings = read_documents(self, texts, ids, dates, words, metadata), self._settings
        X = documents.X
        k, reason = number_of_topics(self.n_topics, X, settings, self.max_memory)
        seeds = None if self.seed_words is None else seed_rows(X, [*documents.words], self.seed_words, k)
        data, n_jobs = within(documents.data, k, self.max_memory, self.n_jobs)
        nmf = NMF(
            k, loss=settings.loss_function, random_state=self.random_state, max_iter=self.max_iter,
            seed_components=seeds, n_jobs=n_jobs,
        ).set_output(transform="default")  # fmt: skip
        if hasattr(nmf, "set_callbacks"):
            nmf.set_callbacks(*getattr(self, "_callbacks", ()))
        W, H = nmf.fit_transform(data, sample_weight=settings.weights(documents.data)), nmf.components_
        found = nmf.factorization_
        self.n_iter_, self.converged_ = found.n_iter, found.converged
        self.relative_error_, self.curve_ = float(found.relative_error), found.curve
        seeded = 0 if seeds is None else len(seeds)
        rest = np.argsort(-mean_shares(W * settings.lengths(H))[seeded:], kind="stable") + seeded
        order = np.concatenate([np.arange(seeded), rest])
        self.__dict__.pop("rank_reason_", None)
        if reason is not None:
            self.rank_reason_ = reason
        self._take(FittedTopics.normal(documents, settings, H[order], W[:, order]))

    @property
    def _n_features_out(self) -> int:
        return self.n_topics_
